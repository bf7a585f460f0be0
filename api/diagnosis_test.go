package api

import (
	"net/http/httptest"
	"testing"
)

func TestWhoAsksForADiagnosis(t *testing.T) {
	for name, tc := range map[string]struct {
		remote, host, header, value string
		address, wantHost           string
		proxied, secure             bool
	}{
		"directly":             {"192.0.2.1:5", "gateway:8080", "", "", "192.0.2.1", "gateway", false, false},
		"over IPv6":            {"[2001:db8::1]:5", "[2001:db8::2]:8080", "", "", "2001:db8::1", "2001:db8::2", false, false},
		"mapped":               {"[::ffff:192.0.2.1]:5", "gateway", "", "", "192.0.2.1", "gateway", false, false},
		"by a proxy":           {"127.0.0.1:5", "gateway", "X-Forwarded-For", "203.0.113.9", "127.0.0.1", "gateway", true, false},
		"by one that is known": {"203.0.113.9:5", "gateway", "X-Forwarded-For", "203.0.113.9", "203.0.113.9", "gateway", false, false},
		"by TLS before":        {"127.0.0.1:5", "gateway", "X-Forwarded-Proto", "https", "127.0.0.1", "gateway", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Host = tc.remote, tc.host
			if tc.header != "" {
				r.Header.Set(tc.header, tc.value)
			}
			c := callerOf(r)
			if c.Address.String() != tc.address || c.Host != tc.wantHost || c.Proxied != tc.proxied || c.Secure != tc.secure {
				t.Errorf("%+v", c)
			}
		})
	}
}
