package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"millrace/api"
	"millrace/api/front"
	"millrace/cmd/millrace/config"
)

// listenSite opens HTTP and HTTPS, and what has the certificates of all TLS listeners,
// which an authority may ask for over both.
func (l *listeners) listenSite(cfg *config.Config, log *slog.Logger) error {
	plain, err := listenTCP("http.address", cfg.HTTP.Address)
	secure, err2 := listenTCP("https.address", cfg.HTTPS.Address)
	l.http = plain
	l.https = secure // closed with the others, whatever comes
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if l.certs, err = openCerts(cfg, plain, secure, log); err != nil {
		return err
	}
	if plain != nil {
		l.http = cfg.HTTPS.Believed().Listener(plain)
	}
	if secure != nil {
		l.https = tls.NewListener(cfg.HTTPS.Believed().Listener(secure), l.certs.TLS("h2", "http/1.1"))
	}
	return nil
}

// furnishHTTP serves the site where it is to be had.
func (g *gateway) furnishHTTP(cfg config.Config, site http.Handler) {
	ahead := front.Config{
		Proxies: cfg.HTTPS.Believed(),
		Domains: cfg.HTTPS.Domains, Port: portOf(addressOf(g.listeners.https)), HSTS: cfg.HTTPS.HSTS,
	}
	plain := front.Plain(ahead, site)
	if g.listeners.certs != nil {
		plain = g.listeners.certs.Answering(plain)
	}
	for _, one := range []struct {
		name    string
		l       net.Listener
		handler http.Handler
	}{{"http", g.listeners.http, plain}, {"https", g.listeners.https, front.Secure(ahead, site)}} {
		if one.l != nil {
			g.doors = append(g.doors, task{one.name, func(ctx context.Context) error {
				return api.Serve(ctx, one.l, one.handler, g.log)
			}})
		}
	}
}
