package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"millrace/docs"

	"github.com/google/go-cmp/cmp"
)

// TestSettingsAreDocumented sets each key to the default that docs/settings.md
// gives for it; that must come to the defaults. What the README tells is the same.
func TestSettingsAreDocumented(t *testing.T) {
	page := docs.Settings
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `[a-z_.]+` \\|.*$").FindAllString(string(readme), -1) {
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
