package main

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"millrace/api"
	"millrace/playout"
	"millrace/playout/whep"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

type noDerive struct{}

func (noDerive) Want(s *bus.Stream, offered []av.Codec) (release func()) { return func() {} }

// furnish makes the rooms and their tasks, from the bus outwards.
func (g *gateway) furnish(cfg Config) {
	metrics := api.NewMetrics(version(), g.hub)
	mounts := g.furnishWebRTC(cfg, metrics)
	g.api = api.New(api.Config{Version: version(), Ports: g.listeners.ports()}, g.hub,
		func(*av.Track) (way, why string) { return "pass", "" }, metrics, g.log)
	if g.listeners.http != nil {
		site := g.api.Handler(http.NotFoundHandler(), mounts...)
		g.doors = append(g.doors, task{"http", func(ctx context.Context) error {
			return api.Serve(ctx, g.listeners.http, site, g.log)
		}})
	}
}

// furnishWebRTC makes everything between the UDP port and the viewers.
func (g *gateway) furnishWebRTC(cfg Config, metrics *api.Metrics) []api.Mount {
	if g.listeners.webrtc == nil {
		return nil
	}
	transport := sender.New(g.listeners.webrtc, g.log)
	sessions := resource.New()
	gate := playout.New(g.hub, playout.Config{MaxViewers: cfg.Limits.Viewers})
	room := whep.New(gate, noDerive{}, transport, sessions,
		whep.Observers{Join: metrics.Join, Added: metrics.AddedLatency}, g.log)
	g.viewers = append(g.viewers, atEnd("viewers", room.Close))
	g.transport = append(g.transport, task{"transport", transport.Serve})
	g.port = append(g.port, task{"webrtc port", g.listeners.webrtc.Serve})
	return []api.Mount{room, sessions}
}

var _ = chi.NewRouter
