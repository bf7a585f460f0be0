package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

func TestTLSConfig(t *testing.T) {
	c := Defaults()
	if secure, err := c.tlsConfig(); secure != nil || err != nil {
		t.Errorf("nothing set: %v, %v", secure, err)
	}
	c.TLS.Certificate, c.TLS.Key = pemFiles(t)
	secure, err := c.tlsConfig()
	if err != nil || len(secure.Certificates) != 1 || secure.MinVersion != tls.VersionTLS12 {
		t.Errorf("%+v, %v", secure, err)
	}
	for _, tc := range []struct{ certificate, key, want string }{
		{"/nowhere/c.pem", c.TLS.Key, "open /nowhere/c.pem: no such file"},
		{c.TLS.Key, c.TLS.Key, "failed to find"},
	} {
		bad := Defaults()
		bad.RTMPS.Address = "127.0.0.1:0"
		bad.TLS.Certificate, bad.TLS.Key = tc.certificate, tc.key
		_, err := listenTLS("rtmps.address", bad.RTMPS.Address, &bad)
		if err == nil || !strings.HasPrefix(err.Error(), "rtmps.address: tls.certificate and tls.key (") || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v", err)
		}
	}
}
