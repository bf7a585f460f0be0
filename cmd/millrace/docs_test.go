package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// linked are the modules of which code is in the binary.
func linked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", module+"cmd/millrace").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	return slices.DeleteFunc(slices.Compact(modules), func(m string) bool { return m == strings.TrimSuffix(module, "/") })
}

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

// TestNoticeNamesEveryLibrary compares NOTICE with what is linked.
func TestNoticeNamesEveryLibrary(t *testing.T) {
	notice := read(t, "NOTICE")
	for _, m := range linked(t) {
		if name := majorVersion.ReplaceAllString(m, ""); !strings.Contains(notice, "  "+name+" ") {
			t.Errorf("NOTICE does not name %s", name)
		}
	}
}

// TestTheFrozenLineIsNotInTheBinary holds SECURITY.md to its word.
func TestTheFrozenLineIsNotInTheBinary(t *testing.T) {
	frozen := []string{"github.com/pion/webrtc/v3", "github.com/pion/dtls/v2", "github.com/pion/ice/v2", "github.com/pion/stun", "github.com/pion/turn/v2"}
	for _, m := range linked(t) {
		if slices.Contains(frozen, m) {
			t.Errorf("%s is linked: SECURITY.md says that it is not", m)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
