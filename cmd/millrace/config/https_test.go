package config

import (
	"strings"
	"testing"
)

// TestWhatFollowsFromDomains: with a domain and nothing else it listens where browsers
// come to; what was said stays.
func TestWhatFollowsFromDomains(t *testing.T) {
	t.Setenv("HOME", t.TempDir())             // where certificates would be kept
	const certificate, key = "c.pem", "k.pem" // who listens reads them
	for name, tc := range map[string]struct {
		environ                []string
		http, https, advertise string
	}{
		"nothing":         {nil, ":8080", "", ""},
		"a domain":        {[]string{"MILLRACE_HTTP_DOMAINS=Live.example.org,www.example.org"}, ":80", ":443", "https://live.example.org"},
		"and addresses":   {[]string{"MILLRACE_HTTP_DOMAINS=live.example.org", "MILLRACE_HTTP_ADDRESS=:8080", "MILLRACE_HTTPS_ADDRESS=:8443"}, ":8080", ":8443", "https://live.example.org:8443"},
		"HTTP off":        {[]string{"MILLRACE_HTTP_DOMAINS=live.example.org", "MILLRACE_HTTP_ADDRESS="}, "", ":443", "https://live.example.org"},
		"HTTPS off":       {[]string{"MILLRACE_HTTP_DOMAINS=live.example.org", "MILLRACE_HTTPS_ADDRESS="}, ":80", "", ""},
		"files":           {[]string{"MILLRACE_TLS_CERTIFICATE=" + certificate, "MILLRACE_TLS_KEY=" + key}, ":8080", "", ""},
		"files and HTTPS": {[]string{"MILLRACE_TLS_CERTIFICATE=" + certificate, "MILLRACE_TLS_KEY=" + key, "MILLRACE_HTTPS_ADDRESS=:8443"}, ":8080", ":8443", ""},
	} {
		c, err := loadFile("", tc.environ)
		if err != nil || c.HTTP.Address != tc.http || c.HTTPS.Address != tc.https || c.Cluster.Advertise != tc.advertise {
			t.Errorf("%s: %q, %q, %q, %v", name, c.HTTP.Address, c.HTTPS.Address, c.Cluster.Advertise, err)
		}
	}
}

func TestBadHTTPSSettings(t *testing.T) {
	for _, tc := range []struct{ environ, want string }{
		{"MILLRACE_HTTPS_ADDRESS=:8443", "https.address needs a certificate"},
		{"MILLRACE_TURN_TLS_ADDRESS=:5349", "turn.tls_address needs a certificate"},
		{"MILLRACE_HTTP_DOMAINS=*.example.org", "name each"},
		{"MILLRACE_HTTP_DOMAINS=192.0.2.1", "is no domain"},
		{"MILLRACE_HTTP_DOMAINS=https://example.org", "is no domain"},
		{"MILLRACE_HTTP_CORS=example.org", "is no site"},
		{"MILLRACE_HTTP_CORS=https://example.org/", "is no site"},
		{"MILLRACE_HTTP_FRAME_ANCESTORS=https://a.example;script-src", "is no site"},
		{"MILLRACE_HTTP_TRUSTED_PROXIES=10.0.0.0/33", "is no network"},
		{"MILLRACE_HTTP_TRUSTED_PROXIES=proxy", "is no network"},
		{"MILLRACE_HTTP_PROXY_HEADER=x-real-ip", "is not one of"},
		{"MILLRACE_HTTP_HSTS=-1s", "out of range"},
		{"MILLRACE_ACME_DIRECTORY=http://ca.example/dir", "is no ACME directory"},
		{"MILLRACE_TURN_REALM=a realm", "is no realm"},
		{"MILLRACE_TURN_ADDRESS=:8080", "http.address and turn.address are both :8080"},
		{"MILLRACE_TURN_BITRATE=10", "out of range"},
	} {
		_, err := loadFile("", []string{tc.environ})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.environ, err)
		}
	}
	_, err := loadFile("", []string{"MILLRACE_TURN_ADDRESS=:3478", "MILLRACE_WEBRTC_ADDRESS="})
	if err == nil || !strings.Contains(err.Error(), "webrtc.address") {
		t.Errorf("%v", err)
	}
}
