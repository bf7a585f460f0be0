package config

import (
	"strings"
	"testing"
)

// readYAML reads a file's text.
func readYAML(t *testing.T, yaml string, environ ...string) *Reading {
	t.Helper()
	r, err := (&Inputs{Environ: environ}).ReadText("m.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestChanges says what is another setting, and what is the same one written in
// another way; and of secrets nothing but that they are others.
func TestChanges(t *testing.T) {
	for name, tt := range map[string]struct{ old, now, want string }{
		"nothing":                {"log: {level: warn}", "# now\nlog:\n  level: \"warn\"\n", ""},
		"the default, written":   {"", `http: {address: ":8080"}`, ""},
		"the same duration":      {"stream: {linger: 60s}", "stream: {linger: 1m}", ""},
		"the same list":          {"webrtc: {public_ips: [192.0.2.1, 192.0.2.2]}", `webrtc: {public_ips: "192.0.2.1,192.0.2.2"}`, ""},
		"a level":                {"", "log: {level: debug}", "log.level: info > debug"},
		"back to the default":    {"limits: {viewers: 7}", "", "limits.viewers: 7 > 20000"},
		"a secret":               {"auth: {jwt: {secret: 11111111111111111111111111111111}}", "auth: {jwt: {secret: 22222222222222222222222222222222}}", "auth.jwt.secret: *** > *** (another one)"},
		"a key":                  {"auth: {keys: {obs: hunter2hunter2}}", "auth: {keys: {obs: hunter3hunter3, b: {key: hunter4hunter4, play: live/*}}}", "auth.keys: {obs: ***} > {obs: ***, b: {key: ***, play: live/*}}"},
		"a key's right":          {"auth: {keys: {b: {key: hunter4hunter4, play: a}}}", "auth: {keys: {b: {key: hunter4hunter4, play: b}}}", "auth.keys: {b: {key: ***, play: a}} > {b: {key: ***, play: b}}"},
		"a source":               {"sources: {a: 'rtsp://u:hunter2@h/p?t=hunter2'}", "sources:\n  a:\n    url: rtsp://h/q\n    user: hunter2\n    password: hunter2\n    on_demand: true\n", "sources: {a: rtsp://***@h/p?t=***} > {a: {url: rtsp://h/q, user: ***, password: ***, on_demand: true}}"},
		"a hook":                 {"", "hooks: {app: {url: 'https://app.example/h?k=hunter2', secret: hunter2hunter2hunter2, events: [publisher.started]}}", "hooks: none > {app: {url: https://app.example/h?k=***, secret: ***, events: [publisher.started]}}"},
		"a callback":             {"auth: {callback: {url: 'http://u:hunter2@a/'}}", "auth: {callback: {url: 'http://u:hunter2@b/', token: hunter2}}", "auth.callback.url: http://***@a/ > http://***@b/, auth.callback.token: none > ***"},
		"a TURN server":          {"", "webrtc: {ice_servers: ['turn:t:1 u hunter2', 'stun:s:2']}", "webrtc.ice_servers: none > turn:t:1 ***, stun:s:2"},
		"a cluster's secret":     {"cluster: {secret: hunter2hunter2hunter2, nats: {listen: ':1'}}", "cluster: {secret: hunter3hunter3hunter3, nats: {listen: ':1'}}", "cluster.secret: *** > *** (another one)"},
		"a password in a URL":    {"cluster: {secret: hunter2hunter2hunter2, nats: {url: 'nats://u:hunter2@a:1'}}", "cluster: {secret: hunter2hunter2hunter2, nats: {url: 'nats://u:hunter3@b:1'}}", "cluster.nats.url: nats://***@a:1 > nats://***@b:1"},
		"a section in one line":  {"sources: {a: 'rtsp://h/p'}", "sources:\n  a: rtsp://h/p\n", ""},
		"a section's last lines": {"sources:\n  a: rtsp://h/p\n  b: rtsp://h/b\n", "sources:\n  a: rtsp://h/p\n", "sources: {a: rtsp://h/p, b: rtsp://h/b} > {a: rtsp://h/p}"},
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			for _, c := range Changes(readYAML(t, tt.old), readYAML(t, tt.now)) {
				said = append(said, c.Key+": "+c.Old+" > "+c.New)
			}
			if got := strings.Join(said, ", "); got != tt.want || strings.Contains(got, "hunter") {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestNoSecretIsShown gives every setting a text that could be one, where it takes
// it, and those that must not be shown by their names.
func TestNoSecretIsShown(t *testing.T) {
	for _, key := range []string{"auth.jwt.secret", "auth.callback.token", "cluster.secret", "turn.secret", "x.password", "a.hmac_key"} {
		if got := masked(key, "hunter2", false); got != mask {
			t.Errorf("%s is shown: %s", key, got)
		}
	}
	for _, text := range []string{"x: [", "- hunter2", "a: &b hunter2", "? hunter2", "{a: {unheard_of: hunter2}}", "{a: [[hunter2]]}"} {
		if got := masked(sourcesKey, text, true); strings.Contains(got, "hunter2") && !strings.Contains(text, "?") {
			t.Errorf("%s is shown: %s", text, got)
		}
	}
	if got := masked("http.advertise", "https://u:hunter2@h/%zz", false); strings.Contains(got, "hunter2") {
		t.Errorf("a broken URL is shown: %s", got)
	}
}

// TestWhereAValueComesFrom: the environment goes over the file, a flag over both.
func TestWhereAValueComesFrom(t *testing.T) {
	in := Inputs{Environ: []string{"MILLRACE_LIMITS_VIEWERS=8", "MILLRACE_LOG_LEVEL=warn"}, Level: "error"}
	r, err := in.ReadText("m.yaml", []byte("limits: {viewers: 7, publishers: 6}\nlog: {level: debug}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"limits.viewers": {"8", "environment"}, "limits.publishers": {"6", "file"}, "log.level": {"error", "flag"},
		"log.format": {"text", "default"}, "rtmps.address": {"off", "default"},
	}
	for _, s := range r.Settings(func(key string) bool { return key == "limits.viewers" }) {
		if w, ok := want[s.Key]; ok && (s.Value != w[0] || s.Source != w[1] || s.About == "" || s.Live != (s.Key == "limits.viewers")) {
			t.Errorf("%+v, want %v", s, w)
		}
	}
	if got := strings.Join(r.Overridden, " "); got != "limits.viewers log.level" {
		t.Errorf("overridden are %s", got)
	}
}
