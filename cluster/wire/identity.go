package wire

import (
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Identity is what a node proves with that it belongs to the cluster, and finds
// out whether others do.
type Identity struct {
	certificate tls.Certificate
	roots       *x509.CertPool
}

const (
	// MinSecret is the least length of a secret in bytes. Who can reach the port
	// sees a certificate that was signed with a key made of the secret, and may try
	// secrets at home: what people think up is not enough, 16 random ones are.
	MinSecret = 16
	// stretch makes each try cost some ten milliseconds.
	stretch = 100_000
)

// FromSecret makes the identity that all nodes with that secret share: everybody
// who knows it can make the cluster's certificate authority, and nobody else.
func FromSecret(secret string) (*Identity, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("wire: the cluster's secret has %d bytes, and needs %d: make one with \"openssl rand -hex 32\"", len(secret), MinSecret)
	}
	seed, err := pbkdf2.Key(sha256.New, secret, []byte("millrace cluster authority 1"), stretch, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	authority := ed25519.NewKeyFromSeed(seed)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "millrace cluster"},
		NotBefore: time.Unix(0, 0), NotAfter: forever(),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	// Ed25519 signs without chance: this is the same certificate on every node.
	der, err := x509.CreateCertificate(rand.Reader, root, root, authority.Public(), authority)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	if root, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "millrace node"},
		NotBefore: time.Unix(0, 0), NotAfter: forever(), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, root, public, authority)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	id := &Identity{certificate: tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: private}, roots: x509.NewCertPool()}
	id.roots.AddCert(root)
	return id, nil
}

// forever is when certificates end that live as long as the secret: nodes whose
// clocks are wrong must find each other too.
func forever() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

// FromCA makes the identity of a node of a cluster with an authority of its own:
// whoever has a certificate of it is in. All three are PEM; the certificate must be
// good for servers and clients.
func FromCA(ca, certificate, key []byte) (*Identity, error) {
	id := &Identity{roots: x509.NewCertPool()}
	if !id.roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("wire: cluster.ca has no certificate in it")
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("wire: cluster.certificate and cluster.key: %w", err)
	}
	id.certificate = pair
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if err := id.verify(pair.Certificate, use); err != nil {
			return nil, fmt.Errorf("wire: this node's own certificate is not good enough for the others: %w", err)
		}
	}
	return id, nil
}

// verify checks a peer's chain. Names are not looked at: the authority is the
// cluster's own, and nodes move.
func (id *Identity) verify(chain [][]byte, use x509.ExtKeyUsage) error {
	if len(chain) == 0 {
		return errors.New("wire: the peer has no certificate")
	}
	leaf, err := x509.ParseCertificate(chain[0])
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	between := x509.NewCertPool()
	for _, der := range chain[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("wire: %w", err)
		}
		between.AddCert(c)
	}
	if _, err = leaf.Verify(x509.VerifyOptions{Roots: id.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
		return fmt.Errorf("wire: the peer does not belong to this cluster: %w", err)
	}
	return nil
}

func (id *Identity) base() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol},
		Certificates: []tls.Certificate{id.certificate},
		// A session that is resumed would be one that nobody checked.
		SessionTicketsDisabled: true,
	}
}

// server wants a certificate of the cluster before anything is said.
func (id *Identity) server() *tls.Config {
	c := id.base()
	c.ClientAuth = tls.RequireAnyClientCert
	c.VerifyPeerCertificate = func(chain [][]byte, _ [][]*x509.Certificate) error {
		return id.verify(chain, x509.ExtKeyUsageClientAuth)
	}
	return c
}

// client checks the chain itself, since the name does not matter.
func (id *Identity) client() *tls.Config {
	c := id.base()
	c.InsecureSkipVerify = true
	c.VerifyPeerCertificate = func(chain [][]byte, _ [][]*x509.Certificate) error {
		return id.verify(chain, x509.ExtKeyUsageServerAuth)
	}
	return c
}
