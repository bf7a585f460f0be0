package ingest

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func TestSourceShowsNoCredentials(t *testing.T) {
	tests := []struct{ url, want string }{
		{"rtsp://cam.example/live", "rtsp://cam.example/live"},
		{"rtsp://admin:s3cret@cam.example:554/live", "rtsp://xxxxx@cam.example:554/live"},
		{"https://s3cret@cam.example/whep/a", "https://xxxxx@cam.example/whep/a"},
		{"rtmp://host/app/key?token=s3cret&user=s3cret", "rtmp://host/app/key?token=xxxxx&user=xxxxx"},
		{"rtmp://host/app/key?s3cret;s3cret", "rtmp://host/app/key?xxxxx"},
		{"rtmp://host/app/key#s3cret", "rtmp://host/app/key"},
		{"rtmp://host/app/key?a=b&s3cret", "rtmp://host/app/key?a=xxxxx&xxxxx"},
		{"rtmp:s3cret@host", "rtmp:xxxxx"},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		s := Source{Name: "live/a", URL: u}
		if got := s.Redacted(); got != tt.want {
			t.Errorf("%s is shown as %s, want %s", tt.url, got, tt.want)
		}
		var out strings.Builder
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "source", s, "pointer", &s)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			_, _ = fmt.Fprintf(&out, verb, s)
		}
		if strings.Contains(out.String(), "s3cret") {
			t.Errorf("%s leaks: %s", tt.url, out.String())
		}
	}
}
