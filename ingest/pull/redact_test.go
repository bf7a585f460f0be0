package pull

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
)

// TestNothingLeaks: a puller that puts its source's URL into everything it says
// does not give its secrets away, in log, error or status.
func TestNothingLeaks(t *testing.T) {
	secrets := []string{"al1ce", "p4ss/w:rd", "p4ss%2Fw:rd", "t0ken=+", "t0ken%3D%2B", base64.StdEncoding.EncodeToString([]byte("al1ce:p4ss/w:rd"))}
	u, err := url.Parse("https://al1ce:p4ss%2Fw%3Ard@127.0.0.1:1/whep/a?token=t0ken%3D%2B&x")
	if err != nil {
		t.Fatal(err)
	}
	bubble(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		source := Source{Source: ingest.Source{Name: name, URL: u}, OnDemand: true}
		hide := &Secrets{}
		hide.Hide(source)
		leaky := hide.Discreet(log)
		h := newLoggingHouse(t, source, func(_ context.Context, _ *camera, s ingest.Source) error {
			_, parse := url.Parse(s.URL.String() + "\x7f")
			get := &url.Error{Op: "Get", URL: s.URL.String(), Err: http.ErrHandlerTimeout}
			leaky.With("source", s, "url", s.URL.String()).WithGroup("g").Error(s.URL.String(),
				"error", get, "user", s.URL.User, slog.Group("deep", "query", s.URL.RawQuery))
			return errors.Join(parse, get, fmt.Errorf("the user %s with %s, basic %s: %w", "al1ce", "p4ss/w:rd", secrets[5], io.ErrUnexpectedEOF))
		}, log)
		defer h.stop()
		_, refused := h.watch()
		time.Sleep(time.Minute)
		synctest.Wait()
		said := fmt.Sprintf("%s\n%v\n%#v\n%+v", &out, refused, refused, h.room.Status())
		for _, secret := range secrets {
			if strings.Contains(said, secret) {
				t.Errorf("%q leaks:\n%s", secret, said)
			}
		}
		if !strings.Contains(out.String(), "pull: source failed") || !strings.Contains(out.String(), "127.0.0.1:1") {
			t.Errorf("the log tells too little:\n%s", &out)
		}
		if errors.Is(refused, io.ErrUnexpectedEOF) || !errors.Is(refused, bus.ErrNotLive) {
			t.Errorf("got %v", refused)
		}
	})
}

func TestRedactor(t *testing.T) {
	tests := []struct{ url, text, want string }{
		{"rtsp://a:b@cam/x", "a bad ab from a:b", "xxxxx bad ab from xxxxx"},
		{"rtsp://cam/x", "dial tcp cam: no route", "dial tcp cam: no route"},
		{"rtsp://admin:pa55word@cam/x", "xpa55wordx rtsp://admin:pa55word@cam/x", "xxxxxxx rtsp://xxxxx@cam/x"},
		{"rtmp://h/a/k?key=v", `parse "rtmp://h/a/k?key=v": bad`, `parse "rtmp://h/a/k?key=xxxxx": bad`},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		r := newRedactor(u)
		if got := r.text(tt.text); got != tt.want {
			t.Errorf("%s: %q became %q, want %q", tt.url, tt.text, got, tt.want)
		}
	}
	wrapped := (&redactor{whole: strings.NewReplacer()}).wrap(fmt.Errorf("x: %w", io.EOF))
	if !errors.Is(wrapped, io.EOF) || errors.Unwrap(wrapped) != nil {
		t.Error("the cause must be known, and not come out")
	}
}
