package bus_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"millrace/transmux/bus"
)

func TestValidName(t *testing.T) {
	tests := []struct {
		name string
		ok   bool
	}{
		{"live", true},
		{"live/demo", true},
		{"a/b/c/d", true},
		{"AZaz09._~-", true},
		{"...", true},
		{".hidden/..x", true},
		{strings.Repeat("a", bus.MaxName), true},
		{strings.Repeat("a/", 127) + "a", true},

		{"", false},
		{"/", false},
		{"/live", false},
		{"live/", false},
		{"live//demo", false},
		{".", false},
		{"..", false},
		{"live/../x", false},
		{"./live", false},
		{strings.Repeat("a", bus.MaxName+1), false},
		{"live demo", false},
		{"live?token=x", false},
		{"live%2fdemo", false},
		{`live\demo`, false},
		{"live\x00", false},
		{"live\n", false},
		{"livé", false},
		{"live\xff", false},
		{"live:1", false},
		{"live+1", false},
	}
	for _, tt := range tests {
		err := bus.ValidName(tt.name)
		if (err == nil) != tt.ok {
			t.Errorf("ValidName(%q) = %v, want ok %v", tt.name, err, tt.ok)
		}
		if err != nil && !errors.Is(err, bus.ErrBadName) {
			t.Errorf("ValidName(%q) = %v, which is not ErrBadName", tt.name, err)
		}
	}
}

// FuzzValidName checks what the rest of the house builds on a good name: it is a
// path that stays where it is put, and needs no escaping anywhere.
func FuzzValidName(f *testing.F) {
	for _, seed := range []string{"live/demo", "", "..", "a/../b", "é", "a//b", "a%2fb", "a\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		err := bus.ValidName(name)
		if err != nil {
			if !errors.Is(err, bus.ErrBadName) {
				t.Fatalf("%q: %v", name, err)
			}
			return
		}
		if name == "" || len(name) > bus.MaxName || path.Clean("/"+name) != "/"+name {
			t.Fatalf("%q is no clean path", name)
		}
		if strings.Trim(name, "/._~-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			t.Fatalf("%q has other characters", name)
		}
	})
}
