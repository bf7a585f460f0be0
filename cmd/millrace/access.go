package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/ingest"
	"millrace/playout"
	"millrace/transmux/access"
)

// furnishAccess makes who decides who may do what. Where nobody has said that, and
// strangers can reach a listener, publishing needs a key that it makes.
func (g *gateway) furnishAccess(cfg config.Config, metrics *api.Metrics) {
	rules := cfg.Auth.Rules(g.listeners.private())
	g.access = access.New(rules, g.log)
	if !cfg.Auth.Said() && !g.listeners.private() {
		all, err := access.ParsePattern("**")
		if err != nil {
			panic(err) // it is one
		}
		g.key = g.access.Ticket(madeKey, access.Grant{Publish: []access.Pattern{all}, Read: true})
		g.log.Warn("nobody has said who may publish, so it needs the key on standard output; the key changes with every start until auth.keys is set")
	}
	metrics.Counter("millrace_access_allowed_total", "Requests that were allowed, of those that something was asked for.",
		func() float64 { return float64(g.access.Stats().Allowed) })
	metrics.Counters("millrace_access_refused_total", "Requests that were not, by reason.", "reason",
		func() map[string]uint64 { return g.access.Stats().Refused })
	metrics.Counter("millrace_access_hashes_total", "Slow hashes of passwords that were computed.",
		func() float64 { return float64(g.access.Stats().Hashes) })
	metrics.Counter("millrace_access_callbacks_total", "Times that the callback was called.",
		func() float64 { return float64(g.access.Stats().Asked) })
	g.doors = append(g.doors, atEnd("access", g.access.Close))
}

// mayPublish asks for the ingest gate.
func mayPublish(room *access.Room) ingest.Authorizer {
	return func(ctx context.Context, r ingest.Request) error {
		permit, err := room.Ask(ctx, access.Request{
			Action: access.Publish, Stream: r.Name, Protocol: r.Protocol, Remote: r.Remote,
			User: r.User, Credential: r.Credential, Proves: r.Proves,
		})
		*r.Permit = permit
		return denied(err, ingest.ErrDenied)
	}
}

// mayPlay asks for the playout gate.
func mayPlay(room *access.Room) playout.Authorizer {
	return func(ctx context.Context, r playout.Request) error {
		permit, err := room.Ask(ctx, access.Request{
			Action: access.Play, Stream: r.Stream, Protocol: r.Protocol, Remote: r.Remote,
			User: r.User, Credential: r.Credential, Proves: r.Proves,
		})
		*r.Permit = permit
		return denied(err, playout.ErrDenied)
	}
}

// denied makes a refusal the gate's own, unless it is no fault of the peer's.
func denied(err, sentinel error) error {
	if err == nil || errors.Is(err, access.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

// private says whether all listeners are on loopback. One that is not means that
// strangers come, be it only through a reverse proxy in front of the others.
func (l *listeners) private() bool {
	for _, a := range []net.Addr{
		addressOf(l.http), addressOf(l.https), addressOf(l.rtmp), addressOf(l.rtmps),
		addressOf(l.rtsp.plain), addressOf(l.rtsp.secure), l.udpAddress(),
	} {
		switch a := a.(type) {
		case *net.TCPAddr:
			if !a.IP.IsLoopback() {
				return false
			}
		case *net.UDPAddr:
			if !a.IP.IsLoopback() {
				return false
			}
		}
	}
	return true
}

// explainKey tells a person the key that was made, and how to keep it.
func explainKey(w io.Writer, key string, l listeners) {
	server := "rtmp://your-server"
	if l.rtmp != nil {
		server = "rtmp://" + strings.TrimSuffix(reachable(l.rtmp, "your-server"), ":1935") // RTMP's own port
	}
	_, _ = fmt.Fprintf(w, `
  Anybody can reach this gateway, and nobody has said who may publish. So it
  made a key: everybody may watch, and who has the key may publish, and see
  what is going on.

    Key            %[2]s

  In OBS: Settings → Stream → Service Custom…
    Server         %[1]s/live
    Stream Key     mystream?token=%[2]s
  and where a page, the dashboard or a WHIP client asks for a token, give it the key.

  The key is another one after the next start. To keep it, set
    MILLRACE_AUTH_OPEN=play MILLRACE_AUTH_KEYS='{obs: "%[2]s"}'
  or the same in the configuration file; docs/security.md has more ways.

`, server, key)
}
