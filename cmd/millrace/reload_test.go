package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"millrace/api"
)

// configured is a program with a file that can be written anew.
type configured struct {
	*program
	file, http string
}

func startWith(t *testing.T, yaml string, environ ...string) *configured {
	t.Helper()
	c := &configured{file: filepath.Join(t.TempDir(), "m.yaml")}
	c.write(t, yaml)
	c.program = start(t, []string{"--config", c.file}, environ...)
	c.http = c.listening()["http"]
	return c
}

func (c *configured) write(t *testing.T, yaml string) {
	t.Helper()
	if err := os.WriteFile(c.file, []byte(yaml), 0o640); err != nil {
		t.Fatal(err)
	}
}

// ask makes a request with that token.
func (c *configured) ask(method, path, token, body string, header ...string) (int, http.Header, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, "http://"+c.http+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/yaml")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	response, err := client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(answer)
}

// admin is a file's rules by which one key may do all.
const admin = "auth:\n  open: [play]\n  keys:\n    boss: {key: the-boss-himself, read: true, admin: true}\n"

const boss = "the-boss-himself"

// TestHangup reads the file anew, puts all of it in force or nothing, and says what.
func TestHangup(t *testing.T) {
	c := startWith(t, admin)
	if status, _, _ := c.ask("GET", "/metrics", "somebody-else-now", ""); status != 401 {
		t.Fatalf("a key that is not there yet: %d", status)
	}
	c.write(t, admin+"    other: {key: somebody-else-now, read: true}\nlimits: {viewers: 7}\nlog: {level: debug}\n")
	c.signal(syscall.SIGHUP)
	said := ""
	c.until(func(l line) bool { said += l.Raw; return l.Msg == "configuration reloaded" })
	for _, want := range []string{`"key":"auth.keys"`, `"key":"limits.viewers","old":"20000","new":"7"`, `"key":"log.level"`, `"by":"SIGHUP"`, `"changed":3`} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %s:\n%s", want, said)
		}
	}
	if strings.Contains(said, "somebody-else-now") || strings.Contains(said, boss) {
		t.Errorf("it says a secret:\n%s", said)
	}
	if status, _, _ := c.ask("GET", "/metrics", "somebody-else-now", ""); status != 200 {
		t.Errorf("the new key: %d", status)
	}
	c.until(func(l line) bool { return l.Level == "DEBUG" && l.Msg == "request" })

	for name, tt := range map[string]struct{ yaml, want string }{
		"a broken file":           {"log: {level: info}\nlimits:\n  viewers: many\n", `:3:12: limits.viewers: \"many\" is no whole number`},
		"no YAML":                 {"log: [", ":1:6: "},
		"one that does not agree": {"http: {address: ':1'}\nrtmp: {address: ':2'}\ntls: {key: a}\n", ":3:7: tls.key is set"},
		"an address":              {admin + "stream: {max_frames: 100}\nlog: {level: info}\n", "cannot be changed without a restart: stream.max_frames"},
	} {
		c.write(t, tt.yaml)
		c.signal(syscall.SIGHUP)
		l := c.until(func(l line) bool { return strings.Contains(l.Msg, "not reloaded") })
		if !strings.Contains(l.Raw, tt.want) {
			t.Errorf("%s: %s, want %s", name, l.Raw, tt.want)
		}
		if status, _, body := c.ask("GET", "/api/v1/config", boss, ""); status != 200 || !strings.Contains(body, `"key":"log.level","value":"debug"`) {
			t.Errorf("%s: not as before: %d %s", name, status, body)
		}
	}
	if _, _, body := c.ask("GET", "/metrics", boss, ""); !strings.Contains(body, `millrace_config_reloads_total{result="refused"} 4`) {
		t.Error("it is not counted")
	}
	if _, _, body := c.ask("GET", "/api/v1/events?kind=config.reloaded", boss, ""); !strings.Contains(body, "limits.viewers") {
		t.Errorf("it is not in the journal: %s", body)
	}
	c.signal(syscall.SIGTERM)
	if code, log := c.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// TestPutConfig: a configuration that is sent is in force, or nothing of it.
func TestPutConfig(t *testing.T) {
	c := startWith(t, admin+"limits: {viewers: 5}\n", "MILLRACE_LIMITS_PUBLISHERS=9")
	status, header, body := c.ask("GET", "/api/v1/config", boss, "")
	etag := header.Get("ETag")
	var shown struct{ Settings []api.Setting }
	if err := json.Unmarshal([]byte(body), &shown); err != nil || status != 200 || etag == "" || strings.Contains(body, boss) {
		t.Fatalf("%d %q %v %s", status, etag, err, body)
	}
	for _, s := range shown.Settings {
		if s.Key == "limits.publishers" && (s.Value != "9" || s.Source != "environment" || !s.Live) || s.Key == "auth.keys" && !strings.Contains(s.Value, "***") {
			t.Errorf("%+v", s)
		}
	}
	if status, _, _ := c.ask("GET", "/api/v1/config", boss, "", "If-None-Match", etag); status != 304 {
		t.Errorf("the same again: %d", status)
	}
	next := admin + "limits: {viewers: 6, publishers: 4}\n"
	for name, tt := range map[string]struct {
		token, body, path string
		header            []string
		status            int
		says              string
	}{
		"a stranger":         {"", next, "", nil, 401, "needs a key"},
		"another type":       {boss, next, "", []string{"Content-Type", "text/plain"}, 415, "application/yaml"},
		"somebody was first": {boss, next, "", []string{"If-Match", `"x"`}, 412, "Read it again"},
		"too much":           {boss, strings.Repeat("# \n", 1<<19), "", nil, 413, "megabyte"},
		"what it was shown":  {boss, "auth: {keys: {boss: '***-himself'}}", "", nil, 422, "auth.keys has ***"},
		"a mistake":          {boss, "limits:\n  viewers: many\n", "", nil, 422, "2:12: limits.viewers"},
		"for a restart":      {boss, next + "rtsp: {udp: false}\n", "", nil, 409, "rtsp.udp"},
		"a wish":             {boss, next, "?persist=maybe", nil, 400, "persist"},
	} {
		status, header, body := c.ask("PUT", "/api/v1/config"+tt.path, tt.token, tt.body, tt.header...)
		if status != tt.status || !strings.Contains(body, tt.says) || header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	status, header, body = c.ask("PUT", "/api/v1/config", boss, next, "If-Match", etag)
	var change api.ConfigChange
	if err := json.Unmarshal([]byte(body), &change); err != nil || status != 200 || header.Get("ETag") == etag {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if len(change.Changed) != 1 || change.Changed[0] != (api.SettingChange{Key: "limits.viewers", Old: "5", New: "6"}) ||
		strings.Join(change.Overridden, " ") != "limits.publishers" || change.Persisted {
		t.Errorf("%+v", change)
	}
	if text, err := os.ReadFile(c.file); err != nil || strings.Contains(string(text), "6") {
		t.Errorf("the file was written: %v %s", err, text)
	}
	// A signal brings the file back; with persist it is the file that changes.
	c.signal(syscall.SIGHUP)
	c.until(func(l line) bool { return l.Msg == "configuration reloaded" && strings.Contains(l.Raw, "SIGHUP") })
	if status, _, body := c.ask("PUT", "/api/v1/config?persist=true", boss, next, "If-Match", etag); status != 200 || !strings.Contains(body, `"persisted":true`) {
		t.Errorf("%d %s", status, body)
	}
	text, err := os.ReadFile(c.file)
	info, stat := os.Stat(c.file)
	if err != nil || stat != nil || string(text) != next || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %q with %v, %v", text, info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(c.file), ".millrace*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestTheLastRule cannot be taken away where strangers come.
func TestTheLastRule(t *testing.T) {
	c := startWith(t, "auth: {keys: {a: longenough}}", "MILLRACE_RTMP_ADDRESS=0.0.0.0:0")
	c.write(t, "")
	c.signal(syscall.SIGHUP)
	l := c.until(func(l line) bool { return strings.Contains(l.Msg, "not reloaded") })
	if !strings.Contains(l.Raw, "leave a rule in") {
		t.Error(l.Raw)
	}
}

// TestCheckTells what is in force and where it stands, and no secret.
func TestCheckTells(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(file, []byte("# mine\n"+admin+"limits: {viewers: 5}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	code := run([]string{"check", "--config", file, "--log-level", "warn"}, []string{"MILLRACE_AUTH_JWT_SECRET=0123456789abcdef0123456789abcdef"}, &out, &out)
	said := out.String()
	for _, want := range []string{
		"is a good configuration", "limits.viewers   5", file + ":6:10", "{boss: {key: ***, read: true, admin: true}}",
		"auth.jwt.secret  ***", "MILLRACE_AUTH_JWT_SECRET", "--log-level",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	if code != 0 || strings.Contains(said, boss) || strings.Contains(said, "0123456789") || strings.Contains(said, "http.address") {
		t.Errorf("%d:\n%s", code, said)
	}
}

// TestANewCertificate is taken into use by a reload, and one that is none refuses it.
func TestANewCertificate(t *testing.T) {
	public, secret := pemFiles(t)
	c := startWith(t, admin, "MILLRACE_TLS_CERTIFICATE="+public, "MILLRACE_TLS_KEY="+secret, "MILLRACE_RTMPS_ADDRESS=127.0.0.1:0")
	c.signal(syscall.SIGHUP)
	c.until(message("configuration reloaded"))
	if err := os.WriteFile(secret, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.write(t, admin+"limits: {viewers: 5}\n")
	c.signal(syscall.SIGHUP)
	c.until(func(l line) bool { return strings.Contains(l.Msg, "not reloaded") })
	if _, _, body := c.ask("GET", "/api/v1/config", boss, ""); !strings.Contains(body, `"key":"limits.viewers","value":"20000"`) {
		t.Error("the rest of it is in force")
	}
}
