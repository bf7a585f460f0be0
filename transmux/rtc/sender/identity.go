package sender

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

const (
	// WebRTC peers know a certificate by its fingerprint in the SDP, so a short
	// life costs nothing; renewed daily it never expires under a session.
	certificateLife  = 30 * 24 * time.Hour
	certificateRenew = 24 * time.Hour
)

// identity is the certificate that sessions opened now present.
type identity struct {
	mu          sync.Mutex
	certificate tls.Certificate
	fingerprint string
	made        time.Time
}

// current is the certificate and its SDP fingerprint ("sha-256 AB:CD…", RFC 8122).
func (i *identity) current(now time.Time) (tls.Certificate, string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.made.IsZero() || now.Sub(i.made) > certificateRenew {
		certificate, err := newCertificate(now)
		if err != nil {
			return tls.Certificate{}, "", err
		}
		i.certificate, i.made = certificate, now
		i.fingerprint = "sha-256 " + fingerprint(certificate.Certificate[0])
	}
	return i.certificate, i.fingerprint, nil
}

// newCertificate is on P-256: its signature is what a join costs most.
func newCertificate(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "millrace"},
		NotBefore:    now.Add(-time.Hour), // a peer's clock may be behind ours
		NotAfter:     now.Add(certificateLife),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// fingerprint is the SHA-256 of a certificate as SDP writes it.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}
