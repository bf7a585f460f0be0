package rtmp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"
)

// selfSigned makes a certificate for 127.0.0.1 and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestPublishOverTLS(t *testing.T) {
	h := start(t, setup{})
	cert, pool := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Serve(ctx, l) }()
	err = Publish(ctx, "rtmps://"+l.Addr().String()+"/live/tls", cut(clip(t), 200*time.Millisecond),
		PublishOptions{Loops: 1, TLS: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}})
	if err != nil {
		t.Error(err)
	}
	await(t, "the closing line", func() bool { return h.log.Has("cause=unpublished") })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A peer that does not begin the TLS handshake, or with something else, is turned
// away in time.
func TestSilenceUnderTLS(t *testing.T) {
	h := start(t, setup{cfg: Config{HandshakeTimeout: 50 * time.Millisecond}})
	cert, _ := selfSigned(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Serve(ctx, l) }()
	for says, want := range map[string]string{"": reasonTimeout, "\x03GET / HTTP/1.1\r\n\r\n": reasonProtocol} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(says))
		(&rude{t, conn}).gone()
		conn.Close()
		await(t, "it is counted as "+want, func() bool { return h.srv.Stats().Refused[want] == 1 })
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
