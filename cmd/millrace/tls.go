package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
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
	case certificate:
		return nil
	}
	for setting, address := range listeners {
		if address != "" {
			return fmt.Errorf(`%s needs a certificate: set tls.certificate and tls.key to PEM files, or %s to "" to turn it off`, setting, setting)
		}
	}
	return nil
}

// tlsConfig is what the listeners over TLS serve with, nil where nothing is set.
func (c *Config) tlsConfig() (*tls.Config, error) {
	if c.TLS.Certificate == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(c.TLS.Certificate, c.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("tls.certificate and tls.key (%s, %s): %w", c.TLS.Certificate, c.TLS.Key, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

// listenTLS is listenTCP under TLS. Who accepts sees to it that the handshake,
// which comes with the first read, does not take for ever.
func listenTLS(key string, address string, cfg *Config) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	secure, err := cfg.tlsConfig()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	l, err := listenTCP(key, address)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, secure), nil
}
