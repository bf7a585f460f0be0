package e2e

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestAPIExamples runs what docs/api.md says to type into a shell.
func TestAPIExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)<!-- run -->\n```sh\n(.*?)```").FindSubmatch(text)
	if found == nil {
		t.Fatal("there are no examples")
	}
	g := start(t, "MILLRACE_AUTH_KEYS={admin: {key: key-of-admin, read: true, admin: true, publish: ['*/*'], play: ['*/*']}}")
	source := g.publish(toneClip, "live/demo?token=key-of-admin")
	g.tracksAs("live/demo", 2, credential{token: "key-of-admin"})
	viewer := g.plays("-i", g.rtmpURL("live/demo")+"?token=key-of-admin")
	err = poll(t.Context(), patience, func() bool {
		_, body := g.as("GET", "/api/v1/sessions?role=viewer", "", credential{token: "key-of-admin"})
		return strings.Contains(string(body), `"video":"H264"`)
	})
	if err != nil {
		t.Fatalf("nobody watches: %s\n%s", viewer.stderr.String(), g.tail())
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-eu", "-c", string(found[1]))
	shell.Env = append(os.Environ(), "GATEWAY=http://"+g.http, "TOKEN=key-of-admin")
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, want := range []string{"live/demo: 1", "rtmp 127.0.0.1:", " H264 ", "\n304\n", " publisher.started live/demo"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("there is no %q in %s", want, out)
		}
	}
	<-source.exited // it was ended
}
