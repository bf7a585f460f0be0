package bench

import (
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want time.Duration
		bad  bool
	}{
		"plain":            {"42 (millrace) S 1 42 42 0 -1 4194304 900 0 0 0 123 45 0 0 20 0 9 0 100 1 2", 1680 * time.Millisecond, false},
		"a name like this": {"42 (a) S 1 (b)) R 1 42 42 0 -1 4194304 900 0 0 0 1 2 0 0 20 0 9 0 100 1 2", 30 * time.Millisecond, false},
		"no name":          {"42 S 1", 0, true},
		"cut short":        {"42 (x) S 1 2 3", 0, true},
		"no numbers":       {"42 (x) S 1 2 3 4 5 6 7 8 9 10 one two 3", 0, true},
		"empty":            {"", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat([]byte(tt.text))
			if got != tt.want || (err != nil) != tt.bad {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestParseStatm(t *testing.T) {
	for text, want := range map[string]int64{"1000 200 30 4 0 5 0": 200, "": -1, "1": -1, "1 x": -1} {
		got, err := parseStatm([]byte(text))
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d pages, want %d", text, got, want)
		}
	}
}

func TestParseBusy(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want time.Duration
		bad  bool
	}{
		"two processors": {"cpu  10 1 20 5000 400 3 4 2 9 9\ncpu0 1 1 1 1\n", 380 * time.Millisecond, false},
		"another line":   {"intr 1 2 3 4 5 6 7 8\n", 0, true},
		"cut short":      {"cpu 1 2 3", 0, true},
		"no numbers":     {"cpu 1 2 3 4 5 6 x", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseBusy([]byte(tt.text))
			if got != tt.want || (err != nil) != tt.bad {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestOwnUsage(t *testing.T) {
	used, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if used.rss < 1<<20 || used.rss > 1<<36 || used.cpu < 0 {
		t.Errorf("%+v", used)
	}
	if _, err := usageOf(1 << 30); err == nil {
		t.Error("a process that cannot be has used something")
	}
}
