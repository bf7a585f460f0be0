package main

import (
	"log/slog"
	"net"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/turn"
)

// turnBindAttempts is how many free UDP ports are tried for one whose number is free for
// TCP too.
const turnBindAttempts = 16

// listenTURN opens the sockets, all or none.
func listenTURN(cfg *config.Config) (s turn.Sockets, err error) {
	for attempt := 1; cfg.TURN.Address != ""; attempt++ {
		at := cfg.TURN.Address
		if s.UDP, err = net.ListenPacket("udp", at); err != nil {
			return turn.Sockets{}, config.ListenError("turn.address", at, err)
		}
		host, port, _ := net.SplitHostPort(at)
		_, bound, _ := net.SplitHostPort(s.UDP.LocalAddr().String())
		if s.TCP, err = net.Listen("tcp", net.JoinHostPort(host, bound)); err == nil {
			break
		}
		_ = s.UDP.Close()
		if port != "0" || attempt == turnBindAttempts {
			return turn.Sockets{}, config.ListenError("turn.address", at, err)
		}
	}
	if s.TLS, err = listenTCP("turn.tls_address", cfg.TURN.Secure); err != nil {
		s.Close()
		return turn.Sockets{}, err
	}
	return s, nil
}

// sayTURN logs where it is to be reached.
func sayTURN(s turn.Sockets, log *slog.Logger) {
	if s.UDP != nil {
		log.Info("listening", "what", "turn", "address", s.UDP.LocalAddr().String())
	}
	if s.TLS != nil {
		log.Info("listening", "what", "turns", "address", s.TLS.Addr().String())
	}
}

// furnishTURN makes the TURN server, for sessions to be led through; nil and nil where
// it is off.
func (g *gateway) furnishTURN(cfg config.Config, metrics *api.Metrics) (resource.Detours, turn.Relays) {
	sockets := g.listeners.turn
	if sockets.UDP == nil && sockets.TLS == nil {
		return nil, nil
	}
	if sockets.TLS != nil {
		sockets.TLSConfig = g.listeners.certs.TLS()
	}
	settings := turn.Config{
		Realm: cfg.TURN.Realm, Hosts: cfg.TURN.PublicIPs,
		Allocations: cfg.TURN.Allocations, PerAddress: cfg.TURN.PerAddress, PerSession: cfg.TURN.PerSession,
		Bitrate: cfg.TURN.Bitrate, Lifetime: cfg.TURN.Lifetime,
	}
	if len(cfg.HTTPS.Domains) > 0 {
		settings.TLSHost = cfg.HTTPS.Domains[0]
	}
	room := turn.New(settings, g.listeners.webrtc, sockets, g.log)
	measureTURN(metrics, room)
	g.transport = append(g.transport, task{"turn", room.Serve})
	return detours{room}, room
}

// detours joins the sessions to the TURN server.
type detours struct{ room *turn.Room }

// Open is resource.Detours's.
func (d detours) Open(session, host string) []resource.ICEServer {
	ways := d.room.Open(session, host)
	servers := make([]resource.ICEServer, len(ways))
	for i, way := range ways {
		servers[i] = resource.ICEServer{URL: way.URL, Username: way.User, Credential: way.Password}
	}
	return servers
}

// End is resource.Detours's.
func (d detours) End(session string) { d.room.End(session) }

func measureTURN(m *api.Metrics, r *turn.Room) {
	m.Gauge("millrace_turn_relays", "Relays of the TURN server now.",
		func() float64 { return float64(r.Stats().Relays) })
	m.Gauge("millrace_turn_connections", "TCP and TLS connections to the TURN server now.",
		func() float64 { return float64(r.Stats().Connections) })
	m.Gauge("millrace_turn_pending", "Of these, the ones that have no relay.",
		func() float64 { return float64(r.Stats().Waiting) })
	m.Gauge("millrace_turn_credentials", "Credentials of the TURN server that are good now, one for each session.",
		func() float64 { return float64(r.Stats().Credentials) })
	m.Counter("millrace_turn_relays_total", "Relays that were made.",
		func() float64 { return float64(r.Stats().Opened) })
	m.Counters("millrace_turn_refused_total", "Requests of TURN clients that were not granted, by reason.", "reason",
		func() map[string]uint64 { return r.Stats().Refused })
	m.Counters("millrace_turn_bytes_total", "Bytes relayed, to the gateway (up) and from it (down).", "direction",
		func() map[string]uint64 { s := r.Stats(); return map[string]uint64{"up": s.Up, "down": s.Down} })
	m.Counter("millrace_turn_dropped_total", "Packets that were not relayed because a relay's bitrate or queue was full.",
		func() float64 { return float64(r.Stats().Dropped) })
}
