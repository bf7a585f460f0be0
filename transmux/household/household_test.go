package household

import (
	"net/netip"
	"testing"
)

func TestOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7":                  "192.0.2.7",
		"192.0.2.7:80":               "192.0.2.7",
		"::ffff:192.0.2.7":           "192.0.2.7",
		"[::ffff:192.0.2.7]:80":      "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":       "2001:db8:1:2::",
		"[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::",
		"fe80::1%eth0":               "fe80::",
	} {
		if got := Of(Parse(remote)); got != netip.MustParseAddr(want) {
			t.Errorf("%s is counted as %s, want %s", remote, got, want)
		}
	}
	for _, remote := range []string{"", "nobody", "192.0.2.7:http"} {
		if got := Of(Parse(remote)); got.IsValid() {
			t.Errorf("%q is counted as %s", remote, got)
		}
	}
}
