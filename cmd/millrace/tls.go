package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"millrace/api"
	"millrace/transmux/certs"
)

// anyText takes whatever is there: a file's name.
func anyText(into *string) func(string) error {
	return func(text string) error {
		*into = text
		return nil
	}
}

// validateTLS says what the listeners over TLS lack.
func (c *Config) validateTLS(listeners map[string]string) error {
	certificate, key := c.TLS.Certificate != "", c.TLS.Key != ""
	switch {
	case certificate && !key:
		return errors.New("tls.certificate is set, but tls.key is not: both name PEM files, of the certificate's chain and of its private key")
	case key && !certificate:
		return errors.New("tls.key is set, but tls.certificate is not: both name PEM files, of the certificate's chain and of its private key")
	case certificate || len(c.HTTPS.Domains) > 0:
		return nil
	}
	for setting, address := range listeners {
		if address != "" {
			return fmt.Errorf(`%s needs a certificate: set tls.certificate and tls.key to PEM files, or http.domains to have one got, or %s to "" to turn it off`, setting, setting)
		}
	}
	return nil
}

// secured says whether any listener needs a certificate.
func (c *Config) secured() bool {
	return c.HTTPS.Address != "" || c.RTMPS.Address != "" || c.RTSP.Secure != "" || c.TURN.Secure != ""
}

// openCerts makes what has the certificates of all listeners, nil where none needs any.
// plain and secure are the listeners by which an authority can ask.
func openCerts(c *Config, plain, secure net.Listener, log *slog.Logger) (*certs.Room, error) {
	if !c.secured() {
		return nil, nil
	}
	cfg := certs.Config{Certificate: c.TLS.Certificate, Key: c.TLS.Key, Domains: c.HTTPS.Domains}
	if c.byACME() {
		storage, err := c.HTTPS.storage()
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
