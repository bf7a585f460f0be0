package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"millrace/api"
	"millrace/ingest"
	"millrace/playout"
	"millrace/transmux/access"
	"millrace/transmux/bus"
)

// elsewhere is a listener that strangers reach, as far as its address says.
type elsewhere struct{ net.Listener }

func (elsewhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 1935} }

// loopback is one that they do not.
type loopback struct{ net.Listener }

func (loopback) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv6loopback, Port: 1935} }

// TestAFirstStart: who has said nothing and is reached by strangers gets a key,
// which the log does not have.
func TestAFirstStart(t *testing.T) {
	for name, tt := range map[string]struct {
		l       listeners
		environ []string
		key     bool
		open    error // what publishing without anything gives
	}{
		"on loopback":               {listeners{http: loopback{}, rtmp: loopback{}}, nil, false, nil},
		"for strangers":             {listeners{http: loopback{}, rtmp: elsewhere{}}, nil, true, access.ErrMissing},
		"over TLS":                  {listeners{http: loopback{}, rtmps: elsewhere{}}, nil, true, access.ErrMissing},
		"over RTSP":                 {listeners{http: loopback{}, rtsp: rtspListeners{plain: elsewhere{}}}, nil, true, access.ErrMissing},
		"for strangers, with a key": {listeners{rtmp: elsewhere{}}, []string{"MILLRACE_AUTH_KEYS={a: longenough}"}, false, access.ErrMissing},
		"for strangers, all open":   {listeners{rtmp: elsewhere{}}, []string{"MILLRACE_AUTH_OPEN=publish play"}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settingsOf(t, name, tt.environ)
			var log bytes.Buffer
			hub := bus.New(bus.Config{})
			defer hub.Close()
			g := &gateway{listeners: tt.l, log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
			g.furnishAccess(cfg, api.NewMetrics("v", hub))
			publish := mayPublish(g.access)
			ask := func(name, credential string) error {
				return publish(context.Background(), ingest.Request{Name: name, Remote: "192.0.2.1:1", Credential: credential, Permit: new(access.Permit)})
			}
			if err := ask("live/a", ""); !errors.Is(err, tt.open) || tt.open != nil && !errors.Is(err, ingest.ErrDenied) {
				t.Errorf("without a key: %v", err)
			}
			if (g.key != "") != tt.key {
				t.Errorf("the key is %q", g.key)
			}
			if !tt.key {
				return
			}
			if err := ask("live/a", g.key); err != nil {
				t.Errorf("with the key: %v", err)
			}
			reads := access.Request{Action: access.Read, Remote: "192.0.2.1:1", Credential: g.key}
			if _, err := g.access.Ask(context.Background(), reads); err != nil {
				t.Errorf("the dashboard with the key: %v", err)
			}
			reads.Action = access.Admin
			if _, err := g.access.Ask(context.Background(), reads); !errors.Is(err, access.ErrForbidden) {
				t.Errorf("administering with the key: %v", err)
			}
			if err := ask("live/a", g.demoTicket()); !errors.Is(err, access.ErrForbidden) {
				t.Errorf("with the demo's: %v", err)
			}
			if err := ask(demoStream, g.demoTicket()); err != nil {
				t.Errorf("the demo: %v", err)
			}
			play := mayPlay(g.access)(context.Background(), playout.Request{Stream: "live/a", Permit: new(access.Permit)})
			if play != nil {
				t.Errorf("watching: %v", play)
			}
			if strings.Contains(log.String(), g.key) || !strings.Contains(log.String(), "standard output") {
				t.Errorf("the log: %s", &log)
			}
			var said bytes.Buffer
			explainKey(&said, g.key, tt.l)
			if !strings.Contains(said.String(), "mystream?token="+g.key) {
				t.Errorf("it says %s", &said)
			}
			// What it says to set is a good configuration, under which the key is still good.
			set := regexp.MustCompile(`(MILLRACE_AUTH_OPEN=\S+) (MILLRACE_AUTH_KEYS=)'(.*)'`).FindStringSubmatch(said.String())
			if set == nil {
				t.Fatalf("it says %s", &said)
			}
			kept := settingsOf(t, name, []string{set[1], set[2] + set[3]})
			g.access.Configure(kept.Auth.Rules(false))
			if err := ask("live/a", g.key); err != nil {
				t.Errorf("with the key, kept: %v", err)
			}
		})
	}
}

func TestHash(t *testing.T) {
	in := func(text string) *os.File {
		name := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	var out, prompt bytes.Buffer
	if err := hash(in("pass word\r\nmore"), &out, &prompt); err != nil || prompt.Len() != 0 {
		t.Errorf("%v %s", err, &prompt)
	}
	s, err := access.ParseSecret(strings.TrimSpace(out.String()))
	if err != nil || !s.Slow() {
		t.Errorf("%s: %v", &out, err)
	}
	room := access.New(access.Config{Open: nil, Users: []access.User{{Name: "a", Secret: s, Grant: access.Grant{Read: true}}}}, slog.New(slog.DiscardHandler))
	if _, err := room.Ask(context.Background(), access.Request{Action: access.Read, User: "a", Credential: "pass word"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "\n", strings.Repeat("x", longestPassword+1)} {
		if err := hash(in(bad), &out, &prompt); !errors.Is(err, errUsage) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func TestCheckAndKeys(t *testing.T) {
	run := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := run(args, nil, &out, &errs)
		return code, out.String() + errs.String()
	}
	file := filepath.Join(t.TempDir(), "m.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, said := run("hash", "--new-key")
	found := regexp.MustCompile(`key +(\S+)\n.*(sha256:[0-9a-f]{64})\n`).FindStringSubmatch(said)
	if code != exitOK || found == nil {
		t.Fatalf("%d %s", code, said)
	}
	write("auth: {open: play, keys: {obs: " + found[2] + "}}\n")
	if code, said := run("check", "--config", file); code != exitOK || !strings.Contains(said, "good") {
		t.Errorf("%d %s", code, said)
	}
	write("auth: {opne: play}\n")
	if code, said := run("check", "--config", file); code != exitUsage || !strings.Contains(said, "m.yaml:1:8: unknown key") {
		t.Errorf("%d %s", code, said)
	}
}
