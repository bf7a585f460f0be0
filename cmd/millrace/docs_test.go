package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSettingsAreDocumented sets each key to the default that docs/settings.md
// gives for it; that must come to the defaults. What the README tells is the same.
func TestSettingsAreDocumented(t *testing.T) {
	page := read(t, "docs/settings.md")
	for _, row := range regexp.MustCompile("(?m)^\\| `[a-z_.]+` \\|.*$").FindAllString(read(t, "README.md"), -1) {
		if !strings.Contains(page, strings.ReplaceAll(row, "(docs/", "(")) {
			t.Errorf("docs/settings.md does not say what the README says: %s", row)
		}
	}
	var c Config
	settings := c.settings()
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| (`?)([^`|]+)`? \\|").FindAllStringSubmatch(page, -1) {
		path, literal, text := row[1], row[2] != "", row[3]
		i := slices.IndexFunc(settings, func(s setting) bool { return s.path == path })
		if i < 0 {
			t.Errorf("docs/settings.md has %s, which is no setting", path)
			continue
		}
		documented = append(documented, path)
		if !literal {
			continue // a default in words
		}
		if err := settings[i].set(text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, s := range settings {
		if !slices.Contains(documented, s.path) {
			t.Errorf("docs/settings.md does not have %s", s.path)
		}
	}
	if diff := cmp.Diff(Defaults(), c); diff != "" {
		t.Errorf("the defaults in docs/settings.md are not the real ones: %s", diff)
	}
}

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
