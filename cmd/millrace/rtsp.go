package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/ingest"
	"millrace/ingest/rtsp"
	"millrace/playout"
	playrtsp "millrace/playout/rtsp"
	"millrace/transmux/certs"
	wire "millrace/transmux/rtsp"
)

// rtspListeners are RTSP's sockets; nil is one that is off.
type rtspListeners struct {
	plain, secure net.Listener
	udp           *wire.Pair
}

// listenRTSP opens them, all or none.
func listenRTSP(cfg *config.Config, room *certs.Room) (l rtspListeners, err error) {
	if l.plain, err = listenTCP("rtsp.address", cfg.RTSP.Address); err != nil {
		return l, err
	}
	if l.plain != nil && cfg.RTSP.UDP {
		if l.udp, err = listenBeside(l.plain, cfg.RTSP.Address); err != nil {
			l.close()
			return rtspListeners{}, err
		}
	}
	if l.secure, err = listenTLS("rtsps.address", cfg.RTSP.Secure, room); err != nil {
		l.close()
		return rtspListeners{}, err
	}
	return l, nil
}

// listenBeside opens the UDP ports of a listener: its number, or the next if that
// is odd, and the one after. Where the system chose the number any two will do.
func listenBeside(l net.Listener, configured string) (*wire.Pair, error) {
	at := l.Addr().(*net.TCPAddr)
	host := ""
	if !at.IP.IsUnspecified() {
		host = at.IP.String()
	}
	number := at.Port + at.Port%2
	if _, port, _ := net.SplitHostPort(configured); port == "0" {
		number = 0
	}
	pair, err := wire.ListenPair(host, number)
	if err != nil {
		const key = "rtsp.udp"
		return nil, fmt.Errorf("rtsp.address: UDP on the ports %d and %d, for media: %w; stop what listens there, or set %s (%s) to false",
			number, number+1, err, key, config.EnvName(key))
	}
	return pair, nil
}

func (l *rtspListeners) close() {
	for _, one := range []net.Listener{l.plain, l.secure} {
		if one != nil {
			_ = one.Close()
		}
	}
	if l.udp != nil {
		l.udp.Close()
	}
}

// say logs where RTSP is to be reached.
func (l *rtspListeners) say(log *slog.Logger) {
	if l.secure != nil {
		log.Info("listening", "what", "rtsps", "address", l.secure.Addr().String())
	}
	if l.udp != nil {
		log.Info("listening", "what", "rtsp media", "address", l.udp.Addr().String())
	}
	if l.plain != nil {
		log.Info("listening", "what", "rtsp", "address", l.plain.Addr().String())
	}
}

// furnishRTSP makes what publishers and players over RTSP come through: one server
// for both, which hands them to two rooms that do not know each other.
func (g *gateway) furnishRTSP(publishers *ingest.Gate, viewers *playout.Gate, metrics *api.Metrics) {
	l := g.listeners.rtsp
	if l.plain == nil && l.secure == nil {
		return
	}
	taken, given := rtsp.New(publishers, g.log), playrtsp.New(viewers, reportsOfRTSP(metrics), g.log)
	server := wire.New(wire.Config{}, taken, given, g.log)
	measureRTSP(metrics, server, taken, given)
	for name, one := range map[string]wire.Listener{"rtsp": {TCP: l.plain, UDP: l.udp}, "rtsps": {TCP: l.secure}} {
		if one.TCP != nil {
			g.doors = append(g.doors, task{name, func(ctx context.Context) error { return server.Serve(ctx, one) }})
		}
	}
}

// reportsOfRTSP is where what players over RTSP report is measured.
func reportsOfRTSP(m *api.Metrics) playrtsp.Reports {
	return playrtsp.Reports{
		Loss:      m.Histogram("millrace_rtsp_reported_loss_ratio", "Share of packets lost, as each report of a player tells of the time since its last.", lossBounds),
		RoundTrip: m.Histogram("millrace_rtsp_round_trip_seconds", "To players over RTSP and back, as their reports tell.", tripBounds),
	}
}

func measureRTSP(m *api.Metrics, s *wire.Server, taken *rtsp.Room, given *playrtsp.Room) {
	m.Gauge("millrace_rtsp_connections", "RTSP connections now.",
		func() float64 { return float64(s.Stats().Connections) })
	m.Gauge("millrace_rtsp_pending", "Of these, the ones that neither publish nor play.",
		func() float64 { return float64(s.Stats().Waiting) })
	m.Gauge("millrace_rtsp_sessions", "RTSP sessions now, of publishers and players.",
		func() float64 { return float64(s.Stats().Sessions) })
	m.Counter("millrace_rtsp_refused_total", "Requests for a stream over RTSP that were not granted.",
		func() float64 { return float64(s.Stats().Refused) })
	m.Counter("millrace_rtsp_denied_total", "Of these, the ones that lacked good credentials.",
		func() float64 { return float64(s.Stats().Denied) })
	m.Counter("millrace_rtsp_bad_packets_total", "Packets of publishers, and of players' reports, that could not be read.",
		func() float64 { return float64(s.Stats().BadPackets) })
	m.Counter("millrace_rtsp_publishers_total", "Publishers that came over RTSP.",
		func() float64 { return float64(taken.Stats().Opened) })
	m.Counter("millrace_rtsp_received_packets_total", "RTP packets received over RTSP; counted when a session ends.",
		func() float64 { return float64(taken.Stats().Packets) })
	m.Counter("millrace_rtsp_lost_packets_total", "RTP packets that never came; counted when a session ends.",
		func() float64 { return float64(taken.Stats().Lost) })
	m.Counter("millrace_rtsp_dropped_packets_total", "RTP packets that a session's full queue had no room for.",
		func() float64 { return float64(taken.Stats().Dropped) })
	m.Drops.Add("publisher_queue", func() uint64 { return taken.Stats().Dropped })
	m.Drops.Add("unreadable", func() uint64 { return s.Stats().BadPackets })
	m.Counter("millrace_rtsp_accept_errors_total", "RTSP connections that could not be accepted, for want of file descriptors perhaps.",
		func() float64 { return float64(s.Stats().AcceptErrors) })
	m.Counter("millrace_rtsp_clock_jumps_total", "Times that a publisher's timestamps began anew; counted when a session ends.",
		func() float64 { return float64(taken.Stats().Jumps) })
	m.Gauge("millrace_rtsp_viewers", "Players over RTSP now.",
		func() float64 { return float64(given.Stats().Viewers) })
	m.Counter("millrace_rtsp_viewers_total", "Players over RTSP that were let in and played.",
		func() float64 { return float64(given.Stats().Opened) })
	m.Counter("millrace_rtsp_frames_total", "Frames sent over RTSP, times the players they went to.",
		func() float64 { return float64(given.Stats().Frames) })
}
