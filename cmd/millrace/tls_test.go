package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millrace/cmd/millrace/config"
)

// pemFiles makes a certificate and its key.
func pemFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func TestBadCertificateFilesAreNamed(t *testing.T) {
	good, key := pemFiles(t)
	for _, tc := range []struct{ certificate, key, want string }{
		{"/nowhere/c.pem", key, "open /nowhere/c.pem: no such file"},
		{good, "/nowhere/k.pem", "open /nowhere/k.pem: no such file"},
		{key, key, "failed to find"},
	} {
		bad := config.Defaults()
		bad.HTTP.Address, bad.RTMP.Address, bad.RTSP.Address, bad.WebRTC.Address = "", "", "", ""
		bad.RTMPS.Address = "127.0.0.1:0"
		bad.TLS.Certificate, bad.TLS.Key = tc.certificate, tc.key
		_, err := listen(bad, slog.New(slog.DiscardHandler))
		if err == nil || !strings.HasPrefix(err.Error(), "tls.certificate and tls.key (") || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v", err)
		}
	}
}
