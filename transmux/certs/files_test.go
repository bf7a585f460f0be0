package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millrace/transmux/avtest"
)

const patience = 15 * time.Second

// pair is a certificate and its key in PEM.
type pair struct{ certificate, key []byte }

func makePair(t *testing.T, serial int64, ends time.Duration) pair {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(ends)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}
}

// folder has the two files.
type folder struct {
	t   *testing.T
	cfg Config
}

func newFolder(t *testing.T, p pair) folder {
	dir := t.TempDir()
	f := folder{t, Config{Certificate: filepath.Join(dir, "c.pem"), Key: filepath.Join(dir, "k.pem"), Every: time.Millisecond}}
	f.put(f.cfg.Certificate, p.certificate)
	f.put(f.cfg.Key, p.key)
	return f
}

// put replaces a file as programs that renew certificates do.
func (f folder) put(name string, content []byte) {
	f.t.Helper()
	if err := os.WriteFile(name+".new", content, 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		f.t.Fatal(err)
	}
}

// echo serves connections over TLS that send everything back.
func echo(t *testing.T, room *Room) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", room.TLS())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, address string) (*tls.Conn, int64) {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // its certificate is the test's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func answers(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = conn.Write([]byte("hello"))
	buf := make([]byte, 5)
	if _, err := io.ReadFull(conn, buf); err != nil || string(buf) != "hello" {
		t.Errorf("%q, %v", buf, err)
	}
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestNewFilesAreForNewConnections renews, breaks and mends the files under an open
// connection.
func TestNewFilesAreForNewConnections(t *testing.T) {
	var log avtest.Log
	first, second, third := makePair(t, 1, time.Hour), makePair(t, 2, time.Hour), makePair(t, 3, time.Hour)
	files := newFolder(t, first)
	room, err := New(files.cfg, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- room.Serve(ctx) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	at := echo(t, room)
	old, serial := dial(t, at)
	if serial != 1 {
		t.Errorf("serial %d", serial)
	}
	serves := func(want int64) func() bool {
		return func() bool { conn, got := dial(t, at); _ = conn.Close(); return got == want }
	}
	files.put(files.cfg.Certificate, second.certificate)
	files.put(files.cfg.Key, second.key)
	until(t, "the second pair", serves(2))
	answers(t, old)

	before := room.Stats().Failed
	files.put(files.cfg.Key, []byte("nonsense"))
	until(t, "a complaint", func() bool { return room.Stats().Failed == before+1 })
	if !serves(2)() || !strings.Contains(log.String(), "the old one stays") {
		t.Errorf("the broken pair: %s", &log)
	}
	if err := room.Reload(); err == nil || !strings.Contains(err.Error(), files.cfg.Key) {
		t.Errorf("%v", err)
	}
	expired := makePair(t, 4, -time.Hour)
	files.put(files.cfg.Key, expired.key)
	files.put(files.cfg.Certificate, expired.certificate)
	until(t, "another complaint", func() bool { return strings.Contains(log.String(), "it expired on") })

	files.put(files.cfg.Certificate, third.certificate)
	files.put(files.cfg.Key, third.key)
	until(t, "the third pair", serves(3))
	answers(t, old)
	if s := room.Stats(); s.Changed != 2 || time.Until(s.Expiry) > time.Hour || time.Until(s.Expiry) < 50*time.Minute {
		t.Errorf("%+v", s)
	}
	if err := room.Reload(); err != nil {
		t.Errorf("nothing new: %v", err)
	}
}

// TestReloadAtOnce does not wait for the next look.
func TestReloadAtOnce(t *testing.T) {
	files := newFolder(t, makePair(t, 1, time.Hour))
	files.cfg.Every = time.Hour
	room, err := New(files.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	next := makePair(t, 2, time.Hour)
	files.put(files.cfg.Certificate, next.certificate)
	if err := room.Reload(); err == nil {
		t.Error("half a pair")
	}
	files.put(files.cfg.Key, next.key)
	if err := room.Reload(); err != nil {
		t.Error(err)
	}
	if _, serial := dial(t, echo(t, room)); serial != 2 {
		t.Errorf("serial %d", serial)
	}
}

func TestNothingToServe(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	if _, err := New(Config{}, quiet); err == nil {
		t.Error("no source")
	}
	files := newFolder(t, makePair(t, 1, time.Hour))
	files.put(files.cfg.Key, makePair(t, 2, time.Hour).key)
	if _, err := New(files.cfg, quiet); err == nil || !strings.Contains(err.Error(), "does not match") {
		t.Errorf("%v", err)
	}
	if _, err := New(Config{Domains: []string{"a.example"}, ACME: ACME{Storage: t.TempDir()}}, quiet); err == nil {
		t.Error("no way to be asked")
	}
	if _, err := New(Config{Domains: []string{"a.example"}, ACME: ACME{Storage: t.TempDir(), HTTP: 80, Root: files.cfg.Key}}, quiet); err == nil || !strings.Contains(err.Error(), "acme.root") {
		t.Errorf("%v", err)
	}
}
