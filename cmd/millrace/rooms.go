package main

import (
	"context"
	"net/http"

	"millrace/api"
	"millrace/transmux/av"
)

// furnish makes the rooms and their tasks, from the bus outwards.
func (g *gateway) furnish(cfg Config) {
	metrics := api.NewMetrics(version(), g.hub)
	g.api = api.New(api.Config{Version: version(), Ports: g.listeners.ports()}, g.hub,
		func(*av.Track) (way, why string) { return "pass", "" }, metrics, g.log)
	if g.listeners.http != nil {
		site := g.api.Handler(http.NotFoundHandler())
		g.tasks = append(g.tasks, task{"http", func(ctx context.Context) error {
			return api.Serve(ctx, g.listeners.http, site, g.log)
		}})
	}
}
