package hooks

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"millrace/transmux/journal"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// example is the page's message of that kind.
func example(t *testing.T, kind journal.Kind) string {
	t.Helper()
	section := regexp.MustCompile("(?s)### `" + regexp.QuoteMeta(string(kind)) + "`\n.*?```json\n(.*?)\n```").FindStringSubmatch(page(t))
	if section == nil {
		t.Fatalf("docs/events.md has no example of %s", kind)
	}
	return section[1]
}

// TestTheExamplesAreReal: the page has an example of every kind, in the very form
// that goes over the wire.
func TestTheExamplesAreReal(t *testing.T) {
	for _, kind := range append(journal.Kinds(), Missed) {
		text := example(t, kind)
		var m Message
		strict := json.NewDecoder(strings.NewReader(text))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&m); err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if m.Kind != kind {
			t.Errorf("the example of %s is of %s", kind, m.Kind)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := string(m.body()); got != want.String() {
			t.Errorf("%s goes over the wire as\n%s\nand the page has\n%s", kind, got, want.String())
		}
		if m.Tracks != nil && m.Detail != journal.Words(m.Tracks) {
			t.Errorf("the tracks are %q", journal.Words(m.Tracks))
		}
	}
	headings := regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(page(t), -1)
	for _, h := range headings {
		if !slices.Contains(append(journal.Kinds(), Missed), journal.Kind(h[1])) {
			t.Errorf("the page has %s, which there is not", h[1])
		}
	}
}

// TestThePageKnowsTheFigures compares them with the code.
func TestThePageKnowsTheFigures(t *testing.T) {
	text := strings.Join(strings.Fields(page(t)), " ")
	for _, want := range []string{
		"| `timeout` | `" + short(DefaultTimeout) + "` | for one request, or one run of the command; up to `" + short(MaxTimeout) + "` |",
		"| `give_up` | `" + short(DefaultGiveUp) + "` | for how long one event is tried; up to `" + short(MaxGiveUp) + "` |",
		"| `parallel` | `" + strconv.Itoa(DefaultParallel) + "` | how many events may be under way at once, of different streams; up to " + strconv.Itoa(MaxParallel) + " |",
		strconv.Itoa(maxVariable) + " bytes at most",
		"the last " + strconv.Itoa(maxOutput>>10) + " KiB",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/events.md does not say: %s", want)
		}
	}
	if journal.DefaultKeep != 10_000 || firstPause != time.Second || lastPause != 30*time.Second || maxRetryAfter != 10*time.Minute || lastChance != 1500*time.Millisecond || tryLater != 75 {
		t.Error("docs/events.md has other figures than the code")
	}
	var variables []string
	for _, entry := range (&Message{Missed: 1}).environ() {
		name, _, _ := strings.Cut(strings.TrimPrefix(entry, "MILLRACE_EVENT_"), "=")
		variables = append(variables, name)
		if !strings.Contains(text, "_"+name+"`") {
			t.Errorf("docs/events.md does not name MILLRACE_EVENT_%s", name)
		}
	}
	if fields := reflect.TypeFor[journal.Event]().NumField(); len(variables) != fields { // tracks are JSON only, missed is none of its
		t.Errorf("%d variables of %d fields", len(variables), fields)
	}
}

// short is a duration as people write it.
func short(d time.Duration) string {
	return regexp.MustCompile("([hm])0[ms].*$").ReplaceAllString(d.String(), "$1")
}

// checks run the page's ways of verifying signatures: the program prints true or
// false for each line of its input, which has secret, timestamp, signature and body in
// JSON.
var checks = map[string]struct{ program, file, around string }{
	"python": {"python3", "check.py", `%s
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    print(str(genuine(r["secret"], {"Millrace-Timestamp": r["timestamp"], "Millrace-Signature": r["signature"]}, r["body"].encode())).lower())
`},
	"javascript": {"node", "check.js", `%s
for (const line of require("node:fs").readFileSync(0, "utf8").trim().split("\n")) {
  const r = JSON.parse(line);
  console.log(genuine(r.secret, {"millrace-timestamp": r.timestamp, "millrace-signature": r.signature}, Buffer.from(r.body)));
}
`},
	"go": {"go", "check.go", `package main

import ("bufio"; "crypto/hmac"; "crypto/sha256"; "encoding/hex"; "encoding/json"; "fmt"; "net/http"; "os"; "strconv"; "time")

%s
func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var r struct{ Secret, Timestamp, Signature, Body string }
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil { panic(err) }
		h := http.Header{}
		h.Set("Millrace-Timestamp", r.Timestamp)
		h.Set("Millrace-Signature", r.Signature)
		fmt.Println(genuine(r.Secret, h, []byte(r.Body), time.Now()))
	}
}
`},
}

// TestTheSignatureOfThePage runs each of the page's functions, in its own language,
// where that is there; Go is.
func TestTheSignatureOfThePage(t *testing.T) {
	m := Message{Event: journal.Event{ID: "a-1", Kind: journal.PublisherStarted, Agent: "Ümlaut \"<x>\" \u2028"}}
	body := string(m.body())
	now, old := strconv.FormatInt(time.Now().Unix(), 10), strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	good := Sign(secret, now, []byte(body))
	var input bytes.Buffer
	for _, r := range [][4]string{
		{secret, now, good, body},
		{"another", now, good, body},
		{secret, now, good, body + " "},
		{secret, now, strings.TrimPrefix(good, "sha256="), body},
		{secret, now, "", body},
		{secret, "", Sign(secret, "", []byte(body)), body},
		{secret, old, Sign(secret, old, []byte(body)), body},
		{secret, old, good, body},
	} {
		line, err := json.Marshal(map[string]string{"secret": r[0], "timestamp": r[1], "signature": r[2], "body": r[3]})
		if err != nil {
			t.Fatal(err)
		}
		input.Write(append(line, '\n'))
	}
	const want = "true\nfalse\nfalse\nfalse\nfalse\nfalse\nfalse\nfalse\n"
	for language, check := range checks {
		code := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(page(t))
		if code == nil {
			t.Errorf("the page has no %s", language)
			continue
		}
		program, err := exec.LookPath(check.program)
		if err != nil {
			t.Logf("%s is not here", check.program)
			continue
		}
		file := filepath.Join(t.TempDir(), check.file)
		if err := os.WriteFile(file, []byte(strings.Replace(check.around, "%s", code[1], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{file}
		if language == "go" {
			args = []string{"run", file}
		}
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Stdin = bytes.NewReader(input.Bytes())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v: %q\n%s", language, err, out, &stderr)
		}
	}
}
