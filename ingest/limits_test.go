package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/bus"
)

// TestHowManyMayPublish by their credential and their address; and what is changed
// meanwhile holds for those who come.
func TestHowManyMayPublish(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	gate := New(hub, Config{
		Limits:    Limits{PerUser: 2, PerAddress: 2},
		Authorize: func(_ context.Context, r Request) error { r.Permit.Holder = r.User; return nil },
	}, slog.New(slog.DiscardHandler))
	n := 0
	come := func(user, remote string) (func(), error) {
		ctx, leave := context.WithCancel(t.Context())
		n++
		_, err := gate.Open(ctx, Request{Name: fmt.Sprint("live/", n), User: user, Remote: remote})
		return leave, err
	}
	for i, tt := range []struct {
		user, remote, want string
	}{
		{"anna", "192.0.2.1:1", ""},
		{"anna", "192.0.2.2:1", ""},
		{"anna", "192.0.2.3:1", "with one credential, which is 2"},
		{"", "192.0.2.4:1", ""},
		{"", "[::ffff:192.0.2.4]:2", ""},
		{"", "192.0.2.4:3", "from one address, which is 2"},
		{"bob", "[2001:db8:0:1::1]:1", ""},
		{"carl", "[2001:db8:0:1:8000::2]:2", ""},
		{"dora", "[2001:db8:0:1::3]:3", "from one address"},
		{"dora", "[2001:db8:0:2::3]:3", ""},
		{"", "nowhere", ""},
		{"", "nowhere", ""},
		{"", "nowhere", ""},
	} {
		leave, err := come(tt.user, tt.remote)
		defer leave()
		if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) || tt.want != "" && !errors.Is(err, ErrTooManyOfYours) {
			t.Errorf("%d: %v, want %q", i, err, tt.want)
		}
	}
	if got := gate.Refusals(); got[LimitPerUser] != 1 || got[LimitPerAddress] != 2 || got[LimitPublishers] != 0 {
		t.Errorf("counted %v", got)
	}
	gate.Configure(Limits{Publishers: gate.Publishers() + 1})
	leave, err := come("anna", "192.0.2.4:9")
	if err != nil {
		t.Errorf("the limits that are gone hold still: %v", err)
	}
	if _, err := come("erna", "192.0.2.9:9"); !errors.Is(err, ErrTooManyPublishers) {
		t.Errorf("the new limit does not hold: %v", err)
	}
	leave()
	for end := time.Now().Add(20 * time.Second); ; {
		leave, err := come("erna", "192.0.2.9:9")
		defer leave()
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the place is not free again")
		}
	}
}

// TestHowMuchAnybodyMaySend: the gateway's limit holds beside the permit's, and for
// those who are in already.
func TestHowMuchAnybodyMaySend(t *testing.T) {
	for name, tt := range map[string]struct {
		permit, limit, later int
		want                 error
	}{
		"the gateway's":              {0, 1_000_000, 1_000_000, ErrBitrate},
		"the permit's, that is less": {1_000_000, 1_500_000, 1_500_000, access.ErrBitrate},
		"set while one publishes":    {0, 0, 1_000_000, ErrBitrate},
		"taken away meanwhile":       {0, 1_000_000, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := bus.New(bus.Config{})
				defer hub.Close()
				gate := New(hub, Config{
					Limits:    Limits{Bitrate: tt.limit},
					Authorize: func(_ context.Context, r Request) error { r.Permit.Bitrate = tt.permit; return nil },
				}, slog.New(slog.DiscardHandler))
				ended := make(chan error, 9)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p, err := gate.Open(ctx, Request{Name: "live/a", End: func(cause error) { ended <- cause }})
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				send(p, 5, 125_000)
				gate.Configure(Limits{Bitrate: tt.later})
				send(p, 20, 200_000)
				select {
				case err = <-ended:
				default:
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("ended with %v, want %v", err, tt.want)
				}
				if n := gate.Refusals()[LimitBitrate]; (n > 0) != (tt.want != nil) {
					t.Errorf("%d counted", n)
				}
			})
		})
	}
}
