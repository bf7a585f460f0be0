package config

import (
	"strings"
	"testing"

	"millrace/transmux/access"
)

func secret(t *testing.T, text string) access.Secret {
	t.Helper()
	s, err := access.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func grantOf(t *testing.T, texts ...string) []access.Pattern {
	t.Helper()
	list, err := access.ParsePatterns(texts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestWhatIsWrongWithAuth is said, with its place, and no secret in it.
func TestWhatIsWrongWithAuth(t *testing.T) {
	const hidden = "hunter2hunter2"
	for name, tt := range map[string]struct{ yaml, want string }{
		"an unknown action":    {"auth: {open: [play, dance]}", `auth.open: "dance" is no action`},
		"a bad pattern":        {"auth:\n  keys:\n    a: {key: " + hidden + ", publish: a//b}", "m.yaml:3:"},
		"no key":               {"auth: {keys: {a: {publish: x}}}", "auth.keys: a: there is no key"},
		"no password":          {"auth: {users: {a: {key: " + hidden + "}}}", `unknown key "key"`},
		"a list":               {"auth: {users: [" + hidden + "]}", "there must be a name and a password"},
		"twice":                {"auth: {keys: {a: " + hidden + ", 'a': " + hidden + "}}", "already defined"},
		"a colon in a name":    {"auth: {users: {'a:b': " + hidden + "}}", "a name is of letters"},
		"a hash of some kind":  {"auth: {users: {a: $5$" + hidden + "}}", "this kind of hash is not known"},
		"a cut-off hash":       {"auth: {users: {a: $argon2id$" + hidden + "}}", "no argon2id hash"},
		"two in one":           {"auth: {keys: {a: {key: " + hidden + ", publish: [\"a, b\"]}}}", "a list's item must be one value"},
		"a short key":          {"auth: {keys: {a: hunter2}}", "fewer than 8 characters"},
		"no time":              {"auth: {keys: {a: {key: " + hidden + ", expires: tomorrow}}}", "this is no time"},
		"a short secret":       {"auth: {jwt: {secret: " + hidden + "}}", "32 characters at least"},
		"two ways":             {"auth: {jwt: {secret: " + hidden + ", jwks: 'https://a/'}}", "set one of secret"},
		"an issuer of nothing": {"auth: {jwt: {issuer: a}}", "tokens cannot be verified"},
		"no such file":         {"auth: {jwt: {public_key: /none}}", "auth.jwt.public_key: open /none"},
		"no URL":               {"auth: {jwt: {jwks: 'ftp://u:" + hidden + "@x/'}}", "must be an http"},
		"no callback":          {"auth: {callback: {url: 'u:" + hidden + "@x'}}", "must be an http"},
		"a slow callback":      {"auth: {callback: {url: 'http://x', timeout: 1m}}", "out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := load(t, tt.yaml+"\n")
			text := strings.Join(errs, "\n")
			if !strings.Contains(text, tt.want) || strings.Contains(text, hidden) {
				t.Errorf("%q, want %q", text, tt.want)
			}
		})
	}
}

// TestWhatIsOpen is the table of defaults.
func TestWhatIsOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		environ []string
		private bool
		open    string
		said    bool
	}{
		"on loopback":              {nil, true, "publish play read admin", false},
		"for strangers":            {nil, false, "play", false},
		"with a key":               {[]string{"MILLRACE_AUTH_KEYS={a: longenough}"}, false, "", true},
		"with a key, on loopback":  {[]string{"MILLRACE_AUTH_KEYS={a: longenough}"}, true, "", true},
		"with a key, play open":    {[]string{"MILLRACE_AUTH_KEYS={a: longenough}", "MILLRACE_AUTH_OPEN=play"}, false, "play", true},
		"all open":                 {[]string{"MILLRACE_AUTH_OPEN=publish,play,read,admin"}, false, "publish play read admin", true},
		"nothing open":             {[]string{"MILLRACE_AUTH_OPEN="}, true, "", true},
		"tokens":                   {[]string{"MILLRACE_AUTH_JWT_JWKS=https://a/b"}, true, "", true},
		"a callback":               {[]string{"MILLRACE_AUTH_CALLBACK_URL=https://a/b"}, true, "", true},
		"a user whose name is all": {[]string{"MILLRACE_AUTH_USERS={a: b}"}, true, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			c, errs := load(t, "", tt.environ...)
			if errs != nil {
				t.Fatal(errs)
			}
			var open []string
			for _, a := range c.Auth.Rules(tt.private).Open {
				open = append(open, a.String())
			}
			if got := strings.Join(open, " "); got != tt.open || c.Auth.Said() != tt.said {
				t.Errorf("open is %q, said %v", got, c.Auth.Said())
			}
		})
	}
}
