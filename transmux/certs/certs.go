// Package certs has the certificate of every TLS listener: from files, which it reads
// again when they change, or from a certificate authority by ACME (RFC 8555).
//
// cmd/millrace makes it and gives its TLS configurations to listeners. It must not know
// what is served over them. A new certificate is for new connections; those that are
// open never notice.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Config says where certificates come from: files, if they are named, or else ACME.
type Config struct {
	// Certificate and Key are PEM files, of the chain and of its private key.
	Certificate, Key string
	// Every is how often they are looked at; DefaultEvery.
	Every time.Duration
	// Domains are the names to get certificates for.
	Domains []string
	ACME    ACME
}

// DefaultEvery is soon enough for whoever has put new files there and waits for them to
// be used, and costs two system calls.
const DefaultEvery = 2 * time.Second

// ErrNoSource says that there are neither files nor domains.
var ErrNoSource = errors.New("certs: neither files nor domains")

// source is where a certificate comes from.
type source interface {
	get(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// serve keeps the certificate fresh until ctx ends.
	serve(ctx context.Context) error
	// reload looks whether there is a new one, if that can be asked.
	reload() error
	// expiry is when the certificate ends that ends first; zero where there is none.
	expiry() time.Time
}

// Room has the certificates.
type Room struct {
	source source
	acme   *authority // nil with files
	stats  counters
}

type counters struct{ changed, failed atomic.Uint64 }

// New makes a room. With files it reads them; the error says what is wrong with them.
func New(cfg Config, log *slog.Logger) (*Room, error) {
	r := &Room{}
	var err error
	switch {
	case cfg.Certificate != "":
		r.source, err = newFiles(cfg, &r.stats, log)
	case len(cfg.Domains) > 0:
		r.acme, err = newAuthority(cfg, &r.stats, log)
		r.source = r.acme
	default:
		err = ErrNoSource
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// TLS is a listener's configuration. protocols are those to agree on (ALPN), the
// preferred first.
func (r *Room) TLS(protocols ...string) *tls.Config {
	if r.acme != nil {
		protocols = append(protocols, challengeProtocol)
	}
	return &tls.Config{GetCertificate: r.source.get, NextProtos: protocols, MinVersion: tls.VersionTLS12}
}

// Answering answers the authority's questions over HTTP, and hands everything else on.
func (r *Room) Answering(next http.Handler) http.Handler {
	if r.acme == nil {
		return next
	}
	return r.acme.issuer.HTTPChallengeHandler(next)
}

// Serve keeps the certificates fresh until ctx ends.
func (r *Room) Serve(ctx context.Context) error { return r.source.serve(ctx) }

// Reload looks at once whether the files have changed. The error says what is wrong with
// the new ones; the old ones stay in use.
func (r *Room) Reload() error { return r.source.reload() }

// Stats are the room's numbers.
type Stats struct {
	// Expiry is when the certificate ends that ends first; zero where there is none yet.
	Expiry time.Time
	// Changed counts new certificates that were taken into use, Failed those that
	// could not be, and those that could not be got.
	Changed, Failed uint64
}

// Stats are the numbers as they stand.
func (r *Room) Stats() Stats {
	return Stats{Expiry: r.source.expiry(), Changed: r.stats.changed.Load(), Failed: r.stats.failed.Load()}
}

// usable says why a certificate would help nobody.
func usable(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("it expired on %s", leaf.NotAfter.Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s; is the clock right?", leaf.NotBefore.Format(time.RFC3339))
	default:
		return nil
	}
}
