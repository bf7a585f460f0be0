package jetstream

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/cluster/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret of the tests, long enough"

// atMost is for everything that takes milliseconds on a machine that has time.
const atMost = time.Minute

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// trust is what nodes of a secret show each other, for both ends of a connection.
func trust(t *testing.T, secret string) *tls.Config {
	t.Helper()
	seed := sha256.Sum256([]byte(secret))
	key := ed25519.NewKeyFromSeed(seed[:])
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(root)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		VerifyPeerCertificate: func(chain [][]byte, _ [][]*x509.Certificate) error {
			leaf, err := x509.ParseCertificate(chain[0])
			if err == nil {
				_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
			}
			return err
		},
	}
}

// freePort is a port that was free a moment ago: servers must know the others' before
// they start, and be back on their own. It is below those that the system gives to
// whoever asks for none in particular: one of these is soon another's.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		at := fmt.Sprint("127.0.0.1:", 20000+mathrand.IntN(12000))
		if l, err := net.Listen("tcp", at); err == nil {
			_ = l.Close()
			return at
		}
	}
	t.Fatal("no port is free")
	return ""
}

// servers are three, of one cluster.
func servers(t *testing.T) []*Server {
	t.Helper()
	peers := []string{freePort(t), freePort(t), freePort(t)}
	list := make([]*Server, len(peers))
	for i := range list {
		list[i] = serve(t, ServerConfig{Node: fmt.Sprint("server", i), Listen: "127.0.0.1:0", Routes: peers[i], Peers: peers})
	}
	return list
}

func serve(t *testing.T, cfg ServerConfig) *Server {
	t.Helper()
	cfg.Secret, cfg.TLS = secret, trust(t, secret)
	s, err := StartServer(cfg, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// member is a node.
type member struct {
	*directory.Directory
	store *Store
	stop  func()
}

// join makes a node, of the embedded server or of the URLs.
func join(t *testing.T, id string, server *Server, replicas int, urls ...string) *member {
	t.Helper()
	store, err := Open(Config{Node: id, Secret: secret, Server: server, URLs: urls, TLS: trust(t, secret), Replicas: replicas}, testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	return serveOver(t, id, store)
}

func serveOver(t *testing.T, id string, store *Store) *member {
	t.Helper()
	d := directory.New(store, directory.Node{ID: id, Role: directory.RoleAny}, directory.Config{}, testLog(t))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx) }()
	stopped := false
	m := &member{d, store, func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", id, err)
		}
		store.Close()
	}}
	t.Cleanup(m.stop)
	return m
}

func urlOf(s *Server) string { return "tls://" + s.Addr().String() }

// until waits for something to be so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(atMost)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", atMost, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
