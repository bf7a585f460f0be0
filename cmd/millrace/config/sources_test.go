package config

import (
	"strings"
	"testing"
)

func TestSourcesWithCredentials(t *testing.T) {
	c, errs := load(t, `
sources:
  a: https://token@h/whep/a
  b: {url: https://h/whep/b, token: t/k}
  c:
    url: https://h/whep/c
    user: me
    password: "p@ss:w/rd"
`)
	if errs != nil {
		t.Fatal(errs)
	}
	var got []string
	for _, s := range c.Sources {
		got = append(got, s.URL.String())
		if shown := s.Redacted(); strings.Contains(shown, "p%40ss") || strings.Contains(shown, "t%2Fk") || strings.Contains(shown, "token") {
			t.Errorf("shown as %s", shown)
		}
	}
	want := "https://token@h/whep/a https://t%2Fk@h/whep/b https://me:p%40ss%3Aw%2Frd@h/whep/c"
	if strings.Join(got, " ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestSourcesEnvironmentGoesOverTheFile(t *testing.T) {
	c, errs := load(t, "sources: {a: http://h/a, b: http://h/b}", "MILLRACE_SOURCES={c: http://h/c}")
	if errs != nil || len(c.Sources) != 1 || c.Sources[0].Name != "c" {
		t.Errorf("%v, %v", c.Sources, errs)
	}
	c, errs = load(t, "sources: {a: http://h/a}", "MILLRACE_SOURCES=")
	if errs != nil || len(c.Sources) != 0 {
		t.Errorf("%v, %v", c.Sources, errs)
	}
}

// TestSourcesThatAreWrong are said with their place, and without what may be a secret.
func TestSourcesThatAreWrong(t *testing.T) {
	for _, tc := range []struct {
		name, yaml, environ string
		want                string // the first line's beginning
	}{
		{name: "none", yaml: "sources:\n"},
		{name: "empty", yaml: "sources: {}"},
		{"a list", "sources: [http://h/s3cret]", "", "m.yaml:1:10: sources: there must be a stream's name and a URL"},
		{"a word", "sources: s3cret", "", "m.yaml:1:10: sources: there must be a stream's name"},
		{"a bad name", "sources:\n  ../a: http://h/s3cret", "", "m.yaml:2:3: sources: stream name is not valid"},
		{"twice", "sources:\n  a: http://h/a\n  a: http://h/s3cret", "", "m.yaml:3:3: "},
		{"a bad scheme", "sources:\n  a: gopher://u:s3cret@h/", "", `m.yaml:2:6: sources: a: "gopher://" is nothing that can be fetched: the URL begins with `},
		{"a bad escape", "sources:\n  a: http://u:s3cret%@h/", "", "m.yaml:2:6: sources: a: this is no URL"},
		{"a slash in the password", "sources:\n  a: http://u:s3cret/x@h/", "", "m.yaml:2:6: sources: a: this is no URL"},
		{"no host", "sources:\n  a: http:///s3cret", "", "m.yaml:2:6: sources: a: the URL names no host"},
		{"a bad port", "sources:\n  a: http://u:s3cret@h:70000/", "", "m.yaml:2:6: sources: a: the URL's port"},
		{"no URL", "sources:\n  a: {on_demand: true}", "", "m.yaml:2:6: sources: a: there is no url"},
		{"nothing", "sources:\n  a:", "", "m.yaml:2:6: sources: a: this must be a URL"},
		{"a bad key", "sources:\n  a:\n    url: http://s3cret@h/\n    on_demnd: true", "", `m.yaml:4:5: sources: a: unknown key "on_demnd" (did you mean on_demand?)`},
		{"a bad linger", "sources:\n  a:\n    url: http://s3cret@h/\n    linger: soon", "", "m.yaml:4:13: sources: a: linger: "},
		{"a bad transport", "sources:\n  a:\n    url: http://s3cret@h/\n    transport: pigeon", "", "m.yaml:4:16: sources: a: transport: "},
		{"two credentials", "sources:\n  a: {url: http://u@h/, token: s3cret}", "", "m.yaml:2:12: sources: a: token and user name"},
		{"a password alone", "sources:\n  a: {url: http://h/, password: s3cret}", "", "m.yaml:2:12: sources: a: password needs a user"},
		{"in the environment", "", "{a: gopher://u:s3cret@h/}", `MILLRACE_SOURCES: a: "gopher://" is nothing that can be fetched`},
		{"no YAML in the environment", "", "{a: http://u:s3cret@h/", "MILLRACE_SOURCES: "},
		{"too many", "sources:\n" + strings.Repeat("  a: http://h/\n", 2), "", "m.yaml:3:3: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var environ []string
			if tc.environ != "" {
				environ = append(environ, sourcesEnv+tc.environ)
			}
			_, errs := load(t, tc.yaml, environ...)
			all := strings.Join(errs, "\n")
			if tc.want == "" && errs != nil || !strings.HasPrefix(all, tc.want) {
				t.Errorf("got %s\nwant %s…", all, tc.want)
			}
			if strings.Contains(all, "s3cret") {
				t.Errorf("a secret leaks: %s", all)
			}
		})
	}
}

const sourcesEnv = envPrefix + "SOURCES="
