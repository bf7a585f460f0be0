package ingest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"millrace/transmux/bus"
)

func TestGate(t *testing.T) {
	denied := errors.New("no such token")
	tests := []struct {
		name string
		cfg  Config
		req  Request
		want error
	}{
		{"open by default", Config{}, Request{Name: "live/a"}, nil},
		{"bad name", Config{}, Request{Name: "live/../a"}, bus.ErrBadName},
		{"empty name", Config{}, Request{}, bus.ErrBadName},
		{"taken", Config{}, Request{Name: "live/taken"}, bus.ErrNameTaken},
		{"denied", Config{Authorize: func(context.Context, Request) error { return errors.Join(ErrDenied, denied) }}, Request{Name: "live/a"}, ErrDenied},
		{"full", Config{Limits: Limits{Publishers: 1}}, Request{Name: "live/a"}, ErrTooManyPublishers},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hub := bus.New(bus.Config{})
			defer hub.Close()
			gate := New(hub, tt.cfg, slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.cfg.Authorize == nil {
				if _, err := gate.Open(ctx, Request{Name: "live/taken"}); err != nil {
					t.Fatal(err)
				}
			}
			p, err := gate.Open(ctx, tt.req)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if (p == nil) != (err != nil) {
				t.Fatalf("publisher %v with error %v", p, err)
			}
		})
	}
}

func TestGatePlaceIsFreedWithTheSession(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	gate := New(hub, Config{Limits: Limits{Publishers: 1}}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	p, err := gate.Open(ctx, Request{Name: "live/a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gate.Open(t.Context(), Request{Name: "live/b"}); !errors.Is(err, ErrTooManyPublishers) {
		t.Fatalf("got %v", err)
	}
	p.Close()
	cancel()
	for deadline := time.Now().Add(5 * time.Second); gate.Publishers() != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the place is still held")
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := gate.Open(t.Context(), Request{Name: "live/b"}); err != nil {
		t.Fatal(err)
	}
}

func TestGateDoesNotLogCredentials(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hub := bus.New(bus.Config{})
	defer hub.Close()
	req := Request{Name: "live/a", Protocol: "rtmp", Credential: "s3cret"}
	if _, err := New(hub, Config{}, log).Open(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "live/a") || strings.Contains(got, "s3cret") {
		t.Fatalf("log: %s", got)
	}
}
