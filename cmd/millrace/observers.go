package main

import (
	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/playout/whep"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtc/turn"
)

// sessionKinds are the roles and protocols that there are.
var sessionKinds = []api.SessionKind{
	{Role: ledger.Publisher, Protocol: "rtmp"},
	{Role: ledger.Publisher, Protocol: "rtsp"},
	{Role: ledger.Publisher, Protocol: "whip"},
	{Role: ledger.Publisher, Protocol: "whep"},
	{Role: ledger.Viewer, Protocol: "rtmp"},
	{Role: ledger.Viewer, Protocol: "rtsp"},
	{Role: ledger.Viewer, Protocol: "whep"},
}

// The bounds of the histograms, in seconds.
var (
	// A phase of a join takes milliseconds where all is well, a second and more with
	// a packet lost.
	phaseBounds = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}
	// Half a millisecond is promised for all stages together.
	stageBounds = []float64{.00002, .00005, .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .2, 1}
	// Services ask for keyframes every two seconds; encoders left alone make them
	// after 4 to 10, and cameras after anything.
	gopBounds  = []float64{.5, 1, 1.5, 2, 2.5, 3, 4, 5, 8, 10, 20, 60}
	lossBounds = []float64{0, .005, .01, .02, .05, .1, .2, .5} // shares
	tripBounds = []float64{.001, .005, .01, .02, .04, .08, .15, .3, .6, 1, 2}
)

// stages are measured by different rooms.
type stages map[string]api.Observer

// furnishMetrics makes what /metrics tells of. The rooms add theirs as they are made.
func (g *gateway) furnishMetrics() *api.Metrics {
	m := api.NewMetrics(version(), g.hub)
	g.ledger.Watch(m.Sessions(sessionKinds...))
	g.stages = m.Histograms("millrace_latency_stage_seconds",
		"Parts of the added latency: receive, from a frame's last byte off the wire to its place in the ring; dispatch, from there off the wire to its turn in a fan of viewers; send, from its turn until it has gone to all viewers of the fan.",
		"stage", stageBounds, "receive", "dispatch", "send")
	g.hub.Observe(bus.Observers{
		Received: g.stages["receive"],
		GOP:      m.Histogram("millrace_gop_seconds", "Between the keyframes of publishers.", gopBounds),
	})
	return m
}

// measureStreams needs to know what becomes of tracks.
func (g *gateway) measureStreams(cfg *config.Metrics, m *api.Metrics, judge api.Judge) {
	frames, bytes := g.hub.Limits()
	s := api.StreamMetrics{Judge: judge, MaxFrames: frames, MaxBytes: bytes}
	if cfg.PerStream {
		s.Named = cfg.MaxStreams
	}
	m.Streams(s, g.hub)
}

// observers are where browsers' sessions are measured.
func (g *gateway) observers(m *api.Metrics, relays turn.Relays) whep.Observers {
	phases := m.Histograms("millrace_join_phase_seconds",
		"Parts of a viewer's way to the picture, one after the other: answer, of its offer; ice, to its first connectivity check; dtls, the handshake; keyframe, to the first one sent.",
		"phase", phaseBounds, "answer", "ice", "dtls", "keyframe")
	return whep.Observers{
		Join: m.Join, Added: m.AddedLatency, Ways: g.diagnosis, Relays: relays,
		Phases: whep.Phases{Answer: phases["answer"], ICE: phases["ice"], DTLS: phases["dtls"], Keyframe: phases["keyframe"]},
		Stages: whep.Stages{Dispatch: g.stages["dispatch"], Send: g.stages["send"]},
		Reports: whep.Reports{
			Loss:      m.Histogram("millrace_whep_reported_loss_ratio", "Share of packets lost, as each report of a viewer tells of the time since its last.", lossBounds),
			RoundTrip: m.Histogram("millrace_whep_round_trip_seconds", "To viewers and back, as their reports tell.", tripBounds),
		},
	}
}
