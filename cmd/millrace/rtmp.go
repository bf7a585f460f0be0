package main

import (
	"context"
	"net"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/ingest"
	"millrace/ingest/rtmp"
	"millrace/playout"
	playrtmp "millrace/playout/rtmp"
)

// furnishRTMP makes what publishers and players over RTMP come through.
func (g *gateway) furnishRTMP(cfg config.Config, publishers *ingest.Gate, viewers *playout.Gate, metrics *api.Metrics) {
	if g.listeners.rtmp == nil && g.listeners.rtmps == nil {
		return
	}
	players := playrtmp.New(viewers, offers(g.wanted), g.log)
	measurePlayers(metrics, players)
	server := rtmp.New(rtmp.Config{MaxVideoMessage: cfg.RTMP.MaxMessage, Player: player{players}}, publishers, g.log)
	measureRTMP(metrics, server)
	g.leaving.Move(moveEncoders(g, server))
	for name, l := range map[string]net.Listener{"rtmp": g.listeners.rtmp, "rtmps": g.listeners.rtmps} {
		if l != nil {
			g.doors = append(g.doors, task{name, func(ctx context.Context) error { return server.Serve(ctx, l) }})
		}
	}
}

// player joins the two rooms of RTMP, which do not know each other.
type player struct{ room *playrtmp.Room }

// Play is rtmp.Player's.
func (p player) Play(ctx context.Context, r rtmp.PlayRequest, link *rtmp.Link) error {
	return p.room.Play(ctx, playrtmp.Request{
		Stream: r.Stream, Remote: r.Remote, Credential: r.Credential, Agent: r.Agent, Takes: r.Takes,
	}, link)
}

func measurePlayers(m *api.Metrics, r *playrtmp.Room) {
	m.Gauge("millrace_rtmp_players", "Players over RTMP now.",
		func() float64 { return float64(r.Stats().Players) })
	m.Counter("millrace_rtmp_players_total", "Players over RTMP that were let in.",
		func() float64 { return float64(r.Stats().Opened) })
	m.Counter("millrace_rtmp_players_refused_total", "Players over RTMP that were not let in.",
		func() float64 { return float64(r.Stats().Refused) })
	m.Counter("millrace_rtmp_frames_total", "Frames sent over RTMP, times the players they went to.",
		func() float64 { return float64(r.Stats().Frames) })
	m.Counter("millrace_rtmp_restarts_total", "Times that a player over RTMP fell behind and went on at a newer keyframe.",
		func() float64 { return float64(r.Stats().Restarts) })
}
