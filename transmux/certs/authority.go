package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// ACME is how to get certificates from an authority. Whoever configures it agrees to the
// authority's terms.
type ACME struct {
	// Directory is the authority's URL; empty for Let's Encrypt's.
	Directory string
	// Email is told to it, for what it has to say to the operator.
	Email string
	// Storage is the folder of the account's key and the certificates.
	Storage string
	// Root is a PEM file of who signed the directory's own certificate, for an
	// authority that the system does not know.
	Root string
	// HTTP and TLS are the ports of this process that its ports 80 and 443 lead
	// to, on Host; zero is one that is not there.
	Host      string
	HTTP, TLS int
}

// challengeProtocol is RFC 8737's.
const challengeProtocol = "acme-tls/1"

// authority gets certificates by ACME.
type authority struct {
	domains []string
	cache   *certmagic.Cache
	magic   *certmagic.Config
	issuer  *certmagic.ACMEIssuer
	stats   *counters
	log     *slog.Logger
}

func newAuthority(cfg Config, stats *counters, log *slog.Logger) (*authority, error) {
	if cfg.ACME.HTTP == 0 && cfg.ACME.TLS == 0 {
		return nil, errors.New("certs: the authority could ask neither over HTTP nor over TLS whose the domains are")
	}
	roots, err := rootsOf(cfg.ACME.Root)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.ACME.Storage, 0o700); err != nil {
		return nil, fmt.Errorf("acme.storage: %w", err)
	}
	a := &authority{domains: cfg.Domains, stats: stats, log: log}
	quiet := zap.New(bridge{log: log})
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.magic, nil },
		Logger:           quiet,
	})
	a.magic = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: cfg.ACME.Storage}, Logger: quiet, OnEvent: a.hear,
		// Cameras and encoders that are given an address name no host.
		DefaultServerName: cfg.Domains[0], FallbackServerName: cfg.Domains[0],
	})
	directory := cfg.ACME.Directory
	if directory == "" {
		directory = certmagic.LetsEncryptProductionCA
	}
	a.issuer = certmagic.NewACMEIssuer(a.magic, certmagic.ACMEIssuer{
		CA: directory, Email: cfg.ACME.Email, Agreed: true, TrustedRoots: roots, Logger: quiet,
		ListenHost: cfg.ACME.Host, AltHTTPPort: cfg.ACME.HTTP, AltTLSALPNPort: cfg.ACME.TLS,
		DisableHTTPChallenge: cfg.ACME.HTTP == 0, DisableTLSALPNChallenge: cfg.ACME.TLS == 0,
	})
	a.magic.Issuers = []certmagic.Issuer{a.issuer}
	a.recall()
	return a, nil
}

// recallTime is how long a start waits for what the storage has, and for what the
// library asks the network about it.
const recallTime = 5 * time.Second

// recall takes what was got before into use, so that whoever connects first finds it.
// What is due to be renewed is left to serve, which does both at once.
func (a *authority) recall() {
	ctx, cancel := context.WithTimeout(context.Background(), recallTime)
	defer cancel()
	for _, domain := range a.domains {
		one, err := a.magic.CacheManagedCertificate(ctx, domain)
		if err == nil && one.NeedsRenewal(a.magic) {
			a.cache.RemoveManaged([]certmagic.SubjectIssuer{{Subject: domain}})
		}
	}
}

// rootsOf are those of the file, or nil for the system's.
func rootsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("acme.root: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("acme.root: there is no certificate in %s", file)
	}
	return pool, nil
}

func (a *authority) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.magic.GetCertificate(hello)
}

// serve gets what is lacking, and renews what ends.
func (a *authority) serve(ctx context.Context) error {
	defer a.cache.Stop()
	if err := a.magic.ManageAsync(ctx, a.domains); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	<-ctx.Done()
	return nil
}

// reload has nothing to do: renewing is the library's.
func (a *authority) reload() error { return nil }

func (a *authority) expiry() time.Time {
	var first time.Time
	for _, domain := range a.domains {
		for _, one := range a.cache.AllMatchingCertificates(domain) {
			if one.Leaf != nil && (first.IsZero() || one.Leaf.NotAfter.Before(first)) {
				first = one.Leaf.NotAfter
			}
		}
	}
	return first
}

// hear is told what the library does.
func (a *authority) hear(_ context.Context, event string, data map[string]any) error {
	domain, _ := data["identifier"].(string)
	switch event {
	case "cert_obtained":
		a.stats.changed.Add(1)
		a.log.Info("tls: a certificate was obtained", "domain", domain)
	case "cert_failed":
		a.stats.failed.Add(1)
		a.log.Error("tls: no certificate could be obtained; it is tried again, less and less often",
			"domain", domain, "cause", fmt.Sprint(data["error"]),
			"see", "the name must lead to this machine, whose ports 80 or 443 must be open to the internet")
	case "cert_obtaining":
		a.log.Info("tls: asking for a certificate", "domain", domain, "authority", strings.TrimPrefix(a.issuer.CA, "https://"))
	}
	return nil
}
