package rtsp

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bluenviron/gortsplib/v4"

	"millrace/playout"
	"millrace/transmux/avtest"
	"millrace/transmux/codecs"
)

// users is an Authorizer that knows a table of passwords.
func users(table map[string]string, token string) playout.Authorizer {
	return func(_ context.Context, r playout.Request) error {
		password, known := table[r.User]
		switch {
		case r.User == "" && r.Credential == token && token != "":
			return nil
		case known && r.Proves != nil && r.Proves(password):
			return nil
		case known && r.Proves == nil && r.Credential == password:
			return nil
		}
		return playout.ErrDenied
	}
}

func TestCredentials(t *testing.T) {
	h := build(t, playout.Config{Authorize: users(map[string]string{"anna": "s3c:ret"}, "t0ken")})
	h.publish("live/a", 0, codecs.OpusTrack(1), avtest.Encoder{GOP: 30})
	for name, want := range map[string]string{
		"live/a":                      "401",
		"anna:wrong@live/a":           "401",
		"bert:s3c%3Aret@live/a":       "401",
		"anna:s3c%3Aret@live/a":       "",
		"live/a?token=t0ken":          "",
		"live/a?token=other":          "401",
		"anna:s3c%3Aret@live/nothing": "404",
	} {
		c, err := h.dial(name, gortsplib.TransportTCP)
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", name, err)
		case want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want == "":
			if err := c.SetupAll(c.desc.BaseURL, c.desc.Medias); err != nil {
				t.Errorf("%s: SETUP: %v", name, err)
			}
		}
	}
	if log := h.log.String(); strings.Contains(log, "s3c:ret") || strings.Contains(log, "t0ken") {
		t.Errorf("credentials are logged: %s", log)
	}
}

// What goes wrong on our side is not the viewer's fault.
func TestAuthorizerFails(t *testing.T) {
	h := build(t, playout.Config{Authorize: func(context.Context, playout.Request) error { return errors.New("no database") }})
	h.publish("live/a", 0, codecs.OpusTrack(1), avtest.Encoder{GOP: 30})
	if _, err := h.dial("live/a", gortsplib.TransportTCP); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("%v", err)
	}
}
