package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"time"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/transmux/certs"
)

// openCerts makes what has the certificates of all listeners, nil where none needs any.
// plain and secure are the listeners by which an authority can ask.
func openCerts(c *config.Config, plain, secure net.Listener, log *slog.Logger) (*certs.Room, error) {
	if !c.Secured() {
		return nil, nil
	}
	cfg := certs.Config{Certificate: c.TLS.Certificate, Key: c.TLS.Key, Domains: c.HTTPS.Domains}
	if c.ByACME() {
		storage, err := c.HTTPS.Folder()
		if err != nil {
			return nil, fmt.Errorf("acme.storage: %w", err)
		}
		cfg.ACME = certs.ACME{
			Directory: c.HTTPS.ACME.Directory, Email: c.HTTPS.ACME.Email, Storage: storage, Root: c.HTTPS.ACME.Root,
			HTTP: portOf(addressOf(plain)), TLS: portOf(addressOf(secure)),
		}
		for _, at := range []string{c.HTTPS.Address, c.HTTP.Address} {
			if host, _, err := net.SplitHostPort(at); err == nil {
				cfg.ACME.Host = host
			}
		}
	}
	room, err := certs.New(cfg, log)
	if err != nil {
		return nil, err // it names the setting
	}
	return room, nil
}

// listenTLS is listenTCP under TLS. Who accepts sees to it that the handshake,
// which comes with the first read, does not take for ever.
func listenTLS(key string, address string, room *certs.Room, protocols ...string) (net.Listener, error) {
	l, err := listenTCP(key, address)
	if l == nil || err != nil {
		return nil, err
	}
	return tls.NewListener(l, room.TLS(protocols...)), nil
}

// furnishTLS keeps the certificates fresh.
func (g *gateway) furnishTLS(metrics *api.Metrics) {
	room := g.listeners.certs
	if room == nil {
		return
	}
	g.doors = append(g.doors, task{"certificates", room.Serve})
	metrics.Gauge("millrace_tls_certificate_expiry_seconds", "When the certificate ends that ends first, in seconds since 1970; 0 while there is none.",
		func() float64 {
			if at := room.Stats().Expiry; !at.IsZero() {
				return float64(at.UnixNano()) / float64(time.Second)
			}
			return 0
		})
	metrics.Counter("millrace_tls_certificates_changed_total", "New certificates that were taken into use.",
		func() float64 { return float64(room.Stats().Changed) })
	metrics.Counter("millrace_tls_certificates_failed_total", "New certificates that could not be used, or not be got.",
		func() float64 { return float64(room.Stats().Failed) })
}
