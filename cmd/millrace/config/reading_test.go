package config

import "testing"

// TestNothingInTheEnvironment replaces what the file has.
func TestNothingInTheEnvironment(t *testing.T) {
	c, errs := load(t, "sources: {a: 'rtsp://h/a'}\nauth: {keys: {a: longenough}, users: {b: c}}\nhooks: {a: 'http://h/'}\n",
		"MILLRACE_SOURCES=", "MILLRACE_AUTH_KEYS=", "MILLRACE_AUTH_USERS={}", "MILLRACE_HOOKS=")
	if errs != nil || len(c.Sources)+len(c.Auth.Keys)+len(c.Auth.Users)+len(c.Hooks.List) != 0 {
		t.Errorf("%v: %+v", errs, c)
	}
}
