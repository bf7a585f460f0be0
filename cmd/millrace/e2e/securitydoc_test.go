package e2e

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityExample runs what docs/security.md says to type into a shell.
func TestSecurityExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)<!-- run -->\n```sh\n(.*?)```").FindSubmatch(text)
	if found == nil {
		t.Fatal("there is no example")
	}
	g := start(t, "MILLRACE_AUTH_JWT_SECRET=0123456789abcdef0123456789abcdef", "MILLRACE_AUTH_JWT_ISSUER=app", "MILLRACE_AUTH_JWT_AUDIENCE=millrace")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-eu", "-c", string(found[1]))
	shell.Env = append(os.Environ(), "GATEWAY=http://"+g.http)
	out, err := shell.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `{"streams":[],"total":0}`) || !strings.Contains(string(out), "millrace_streams 0") {
		t.Errorf("%v: %s", err, out)
	}
}
