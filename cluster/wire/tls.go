package wire

import (
	"crypto/tls"
	"crypto/x509"
)

// TLS is for connections between nodes that are no links, such as those of the
// directory's servers: good for either end, it shows this node's certificate and
// wants one of the cluster. The protocol keeps one kind of connection from being
// taken for another.
func (id *Identity) TLS(protocol string) *tls.Config {
	c := id.base()
	c.NextProtos = []string{protocol}
	c.ClientAuth = tls.RequireAnyClientCert
	c.InsecureSkipVerify = true // VerifyPeerCertificate checks the chain; the name does not matter
	c.VerifyPeerCertificate = func(chain [][]byte, _ [][]*x509.Certificate) error {
		return id.verify(chain, x509.ExtKeyUsageAny)
	}
	return c
}
