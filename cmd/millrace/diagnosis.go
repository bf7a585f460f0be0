package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"

	"millrace/api"
	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
	"millrace/cmd/millrace/doctor"
	"millrace/ingest"
	"millrace/ingest/pull"
	"millrace/transmux/derive"
	"millrace/transmux/ledger"
)

// furnishDiagnosis makes what says why a stream does not play: it looks into all the
// other rooms.
func (g *gateway) furnishDiagnosis(cfg config.Config, judge api.Judge, made *derive.Room, fetched *pull.Room) {
	ports := g.listeners.ports()
	current := new(atomic.Pointer[config.Config])
	current.Store(&cfg)
	g.reload.Add(func(_, now *config.Config) (func(), error) { return func() { current.Store(now) }, nil })
	d := diagnosis.Config{
		Journal: g.journal, Source: sourceOf(fetched), Transport: g.named(current.Load), Limits: g.fullness(current.Load, made), Draining: g.emptying,
		ClockJumps: g.clockJumps,
		Ring:       diagnosis.Ring{MaxBytes: cfg.Stream.MaxBytes, MaxFrames: cfg.Stream.MaxFrames},
		Ports:      diagnosis.Ports{RTMP: ports.RTMP, RTSP: ports.RTSP, WebRTC: ports.WebRTC},
	}
	if cfg.Cluster.On() {
		d.Cluster = g.whole
	}
	g.diagnosis = diagnosis.New(d, g.hub, judge.Diagnosis())
}

// noted has the diagnosis hear of publishers whose credential is refused.
func (g *gateway) noted(authorize ingest.Authorizer) ingest.Authorizer {
	return func(ctx context.Context, r ingest.Request) error {
		err := authorize(ctx, r)
		if errors.Is(err, ingest.ErrDenied) {
			g.diagnosis.Refused(r.Name, strings.TrimPrefix(err.Error(), ingest.ErrDenied.Error()+": "))
		}
		return err
	}
}

func sourceOf(fetched *pull.Room) func(stream string) (diagnosis.Source, bool) {
	return func(stream string) (diagnosis.Source, bool) {
		for _, s := range fetched.Status() {
			if s.Name == stream {
				return diagnosis.Source{State: string(s.State), OnDemand: s.OnDemand, LastError: s.LastError, Since: s.Since, Next: s.Next}, true
			}
		}
		return diagnosis.Source{}, false
	}
}

// named is what an answer to a viewer names.
func (g *gateway) named(current func() *config.Config) func(peer netip.Addr) *diagnosis.Transport {
	return func(peer netip.Addr) *diagnosis.Transport {
		if g.listeners.webrtc == nil {
			return nil
		}
		cfg := current()
		t := &diagnosis.Transport{Configured: len(cfg.WebRTC.PublicIPs) > 0, Container: doctor.InContainer(), Relay: cfg.TURN.Address != "" || cfg.TURN.Secure != ""}
		for _, s := range cfg.WebRTC.ICEServers {
			t.Relay = t.Relay || strings.HasPrefix(s.URL, "turn")
		}
		for _, c := range g.listeners.webrtc.Candidates(peer) {
			if c.TCP {
				t.TCP = append(t.TCP, c.Addr)
			} else {
				t.UDP = append(t.UDP, c.Addr)
			}
		}
		return t
	}
}

// fullness is how much of the limits is used.
func (g *gateway) fullness(current func() *config.Config, made *derive.Room) func(stream string) []diagnosis.Limit {
	return func(stream string) []diagnosis.Limit {
		cfg, here := current(), g.leaving.State()
		limits := []diagnosis.Limit{
			{What: "publishers", Setting: "limits.publishers", Used: here.Publishers, Most: cfg.Limits.Publishers, Harms: "publisher is let in"},
			{What: "viewers", Setting: "limits.viewers", Used: here.Viewers, Most: cfg.Limits.Viewers, Harms: "viewer is let in"},
		}
		if s, ok := g.hub.Stream(stream); ok && cfg.Limits.ViewersPerStream > 0 {
			limits = append(limits, diagnosis.Limit{
				What: "viewers of this stream", Setting: "limits.viewers_per_stream", Used: s.Viewers, Most: cfg.Limits.ViewersPerStream,
				Harms: "viewer of it is let in",
			})
		}
		if f := made.Stats().FFmpeg; cfg.Derive.FFmpeg != "off" {
			limits = append(limits, diagnosis.Limit{
				What: "processes of ffmpeg", Setting: "derive.max_processes", Used: f.Running, Most: f.Limit,
				Harms: "picture or sound is turned into what browsers play",
			})
		}
		return limits
	}
}

func (g *gateway) emptying() *diagnosis.Draining {
	s := g.leaving.State()
	if !s.Draining || s.Until == nil {
		return nil
	}
	return &diagnosis.Draining{Until: *s.Until}
}

// clockJumps counts those of the stream's publisher; not known of one that another
// node has.
func (g *gateway) clockJumps(stream string) (jumps uint64, known bool) {
	for _, s := range g.ledger.Sessions() {
		if s.Role == ledger.Publisher && s.Stream == stream && s.Numbers != nil {
			jumps, known = s.Numbers().ClockJumps, true // the newest comes last
		}
	}
	return jumps, known
}

// whole is what the other nodes have to do with the stream.
func (g *gateway) whole(ctx context.Context, stream string) *diagnosis.Cluster {
	h := g.neighbours.describe()
	c := &diagnosis.Cluster{Connected: h.Connected, Since: h.Since, Cause: h.Cause, Nodes: len(h.Nodes), Self: h.Node}
	if t, ok := g.trees(ctx, stream); ok {
		c.Origin, c.Whole = t.Origin, t.Whole
	}
	return c
}
