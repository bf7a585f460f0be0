package main

import (
	"strings"
	"syscall"
	"testing"
)

// TestCommandsOnlyFromTheFile: over the network hooks can be changed, but no program
// be named that the gateway does not run already.
func TestCommandsOnlyFromTheFile(t *testing.T) {
	const known = admin + "hooks:\n  log: [logger, -t, millrace]\n"
	c := startWith(t, known)
	for name, tt := range map[string]struct {
		yaml   string
		status int
	}{
		"another program":      {admin + "hooks: {log: [sh, -c, reboot]}\n", 403},
		"another argument":     {admin + "hooks: {log: [logger, -t, else]}\n", 403},
		"one more":             {known + "  more: {command: 'rm -rf /'}\n", 403},
		"the same, and events": {admin + "hooks: {renamed: {command: [logger, -t, millrace], events: [node.drain]}, web: 'http://127.0.0.1:1'}\n", 200},
	} {
		status, _, body := c.ask("PUT", "/api/v1/config", boss, tt.yaml)
		if status != tt.status || status == 403 && !strings.Contains(body, "SIGHUP") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if _, _, body := c.ask("GET", "/api/v1/hooks", boss, ""); !strings.Contains(body, `"name":"renamed"`) || !strings.Contains(body, `"name":"web"`) || !strings.Contains(body, `"target":"logger"`) {
		t.Errorf("the hooks are %s", body)
	}
	c.write(t, admin+"hooks: {other: [cat]}\n")
	c.signal(syscall.SIGHUP)
	c.until(func(l line) bool { return l.Msg == "configuration reloaded" && strings.Contains(l.Raw, "SIGHUP") })
	if _, _, body := c.ask("GET", "/api/v1/hooks", boss, ""); !strings.Contains(body, `"target":"cat"`) || strings.Contains(body, "renamed") {
		t.Errorf("the file's hooks are %s", body)
	}
}
