package access

import (
	"regexp"
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, stream string
		want            bool
	}{
		{"live/a", "live/a", true},
		{"live/a", "live/b", false},
		{"live/a", "live/a/b", false},
		{"live/*", "live/a", true},
		{"live/*", "live", false},
		{"live/*", "live/a/b", false},
		{"*", "a", true},
		{"*", "a/b", false},
		{"**", "a", true},
		{"**", "a/b/c", true},
		{"**", "", false},
		{"live/**", "live", false},
		{"live/**", "live/a/b", true},
		{"**/cam", "a/b/cam", true},
		{"**/cam", "cam", false},
		{"a/**/b/**", "a/x/b/b/y", true},
		{"a/**/b", "a/x/b/y", false},
		{"live/room-*-cam*", "live/room-7-cam", true},
		{"live/room-*-cam*", "live/room-7", false},
		{"*a*b", "xaybzb", true},
		{"*a*b", "xaybz", false},
		{"live", "LIVE", false},
		{"cam?", "cam1", true},
		{"cam?", "cam", false},
		{"cam?", "cam12", false},
		{"live/[a-c]*", "live/bird", true},
		{"live/[^a-c]*", "live/bird", false},
	} {
		p, err := ParsePattern(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
		} else if p.Match(tt.stream) != tt.want {
			t.Errorf("%s and %s: want %v", tt.pattern, tt.stream, tt.want)
		}
	}
	for _, bad := range []string{"", "/", "a//b", "/a", "a/", "a/../b", ".", "a b", "a***", "a/**b", "é", "a[b", "a[/b]", "[]", "a\\b", strings.Repeat("x", 256)} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := ParsePatterns(make([]string, MaxPatterns+1)); err == nil {
		t.Error("any number of patterns is taken")
	}
}

// FuzzPattern compares with the regular expression that a pattern stands for.
func FuzzPattern(f *testing.F) {
	f.Add("live/**/a*b/*", "live/x/y/ab/z")
	f.Add("**/**", "a/b")
	f.Add("a?/?*b", "ab/xb")
	f.Add("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, pattern, stream string) {
		p, err := ParsePattern(pattern)
		if err != nil || strings.ContainsAny(stream, "\n") || strings.Contains("/"+stream+"/", "//") || len(stream) > maxPattern {
			return
		}
		if strings.ContainsAny(pattern, "[]") {
			return // regexp's classes are others
		}
		expression := regexp.QuoteMeta(pattern)
		expression = strings.ReplaceAll(expression, `\*\*`, `.+`)
		expression = strings.ReplaceAll(expression, `\*`, `[^/]*`)
		expression = strings.ReplaceAll(expression, `\?`, `[^/]`)
		if want := regexp.MustCompile(`\A` + expression + `\z`).MatchString(stream); p.Match(stream) != want {
			t.Errorf("%q and %q: want %v", pattern, stream, want)
		}
	})
}
