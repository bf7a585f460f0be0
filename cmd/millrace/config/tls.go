package config

import (
	"errors"
	"fmt"
)

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

// Secured says whether any listener needs a certificate.
func (c *Config) Secured() bool {
	return c.HTTPS.Address != "" || c.RTMPS.Address != "" || c.RTSP.Secure != "" || c.TURN.Secure != ""
}
