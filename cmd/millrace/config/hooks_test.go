package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/api/hooks"
	"millrace/transmux/journal"
)

func TestHooksFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.yaml")
	err := os.WriteFile(file, []byte(`
hooks:
  app: https://app.example/in?key=1
  record: [/usr/local/bin/record, --hd, "two words, one argument"]
  short:
    command: /usr/bin/env true
  billing:
    url: "http://user:pass@billing.example"
    secret: 4a57
    events: [publisher.started, "viewers.*"]
    streams: [live/*, "events/**"]
    timeout: 3s
    give_up: 1h
    parallel: 1
  bearer:
    url: https://b.example
    token: t0ken
    streams: cam/*
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	c, err := loadFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []hooks.Hook{
		{Name: "app", URL: "https://app.example/in?key=1"},
		{Name: "record", Command: []string{"/usr/local/bin/record", "--hd", "two words, one argument"}},
		{Name: "short", Command: []string{"/usr/bin/env", "true"}},
		{
			Name: "billing", URL: "http://user:pass@billing.example", Secret: "4a57",
			Kinds:   []journal.Kind{journal.PublisherStarted, journal.FirstViewer, journal.LastViewer},
			Streams: []string{"live/*", "events/**"}, Timeout: 3 * time.Second, GiveUp: time.Hour, Parallel: 1,
		},
		{Name: "bearer", URL: "https://b.example", Token: "t0ken", Streams: []string{"cam/*"}},
	}
	if len(c.Hooks.List) != len(want) {
		t.Fatalf("%d hooks", len(c.Hooks.List))
	}
	for i := range want {
		if !c.Hooks.List[i].Equal(&want[i]) {
			t.Errorf("%s: %s", want[i].Name, cmp.Diff(fields(want[i]), fields(c.Hooks.List[i])))
		}
	}

	c, err = loadFile(file, []string{`MILLRACE_HOOKS={one: "https://one.example"}`})
	if err != nil || len(c.Hooks.List) != 1 || c.Hooks.List[0].Name != "one" {
		t.Errorf("the environment goes over the file: %v, %v", c.Hooks.List, err)
	}
	c, err = loadFile(file, []string{"MILLRACE_HOOKS="})
	if err != nil || len(c.Hooks.List) != 0 {
		t.Errorf("none: %v, %v", c.Hooks.List, err)
	}
}

// fields are a hook's, which as a hook prints only its name.
func fields(h hooks.Hook) any {
	type plain hooks.Hook
	return plain(h)
}

// TestWrongHooks: what is wrong is said with its place, and no value that may be a
// secret.
func TestWrongHooks(t *testing.T) {
	for text, want := range map[string]string{
		"hooks: s3cret":                                      "1:8: hooks: there must be a name",
		"hooks: {a: s3cret}":                                 "a: the url must be an http",
		"hooks: {a: {}}":                                     "a: there is neither",
		"hooks: {a: {secret: s3cret}}":                       "a: there is neither",
		"hooks: {a: {url: 'http://a', command: s3cret}}":     "make two hooks",
		"hooks: {a/b: 'http://a/s3cret'}":                    "a hook's name is of letters",
		"hooks: {a: 'http://s3cret', a: 'http://b'}":         "already defined",
		"hooks: {a: {url: 'http://a', evens: x}}":            "did you mean events?",
		"hooks: {a: {url: 'http://a', events: [publisher]}}": `"publisher" is no kind of event`,
		"hooks: {a: {url: 'http://a', streams: [live//b]}}":  "has an empty part",
		"hooks: {a: {url: 'http://a', timeout: 1h}}":         "timeout: 1h is out of range",
		"hooks: {a: {url: 'http://a', parallel: 0}}":         "parallel: 0 is out of range",
		"hooks: {a: {command: [[x], s3cret]}}":               "each item must be one argument",
		"hooks: {a: {url: [s3cret, {b: c}]}}":                "url: ",
	} {
		file := filepath.Join(t.TempDir(), "m.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadFile(file, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var many strings.Builder
	for i := range hooks.MaxHooks + 1 {
		many.WriteString(", h" + strings.Repeat("x", i) + ": 'http://a'")
	}
	if _, err := loadFile("", []string{"MILLRACE_HOOKS={" + many.String()[2:] + "}"}); err == nil || !strings.Contains(err.Error(), "more than 32") {
		t.Errorf("%v", err)
	}
}
