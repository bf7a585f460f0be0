package main

import (
	"context"
	"log/slog"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/ingest"
	"millrace/ingest/pull"
	"millrace/ingest/rtmp"
	"millrace/ingest/rtsp"
	"millrace/ingest/whep"
)

// pullers are what fetches, by the URL's scheme.
func pullers(cfg config.Config, gate *ingest.Gate, log *slog.Logger) map[string]pull.Puller {
	overRTSP := rtsp.NewPuller(gate, nil, log)
	overHTTP := whep.NewPuller(whep.Config{}, gate, log)
	overRTMP := rtmp.NewPuller(rtmp.PullConfig{MaxVideoMessage: cfg.RTMP.MaxMessage}, gate, log)
	return map[string]pull.Puller{
		"rtsp": overRTSP, "rtsps": overRTSP, "rtmp": overRTMP, "rtmps": overRTMP, "http": overHTTP, "https": overHTTP,
	}
}

// furnishSources makes what the configuration's sources are fetched by. It stands
// between the Hub and everybody else: viewers come through it, and publishers
// cannot take a source's name.
func (g *gateway) furnishSources(cfg config.Config, metrics *api.Metrics) *pull.Room {
	secrets := &pull.Secrets{}
	secrets.Hide(cfg.Sources...)
	log := secrets.Discreet(g.log)
	room := pull.New(cfg.Sources, toldDoor{g.door, g.tracks}, sourceTeller{g.journal}, log)
	// The pullers' gate asks nobody: the configuration has allowed them.
	gate := ingest.New(room.Pulled(), ingest.Config{Limits: ingest.Limits{Publishers: pull.MaxSources}, Ledger: g.ledger, Tracer: g.tracer}, log)
	g.reloadSources(room, secrets)
	measureSources(metrics, room)
	g.doors = append(g.doors, task{"sources", func(ctx context.Context) error {
		return room.Serve(ctx, pullers(cfg, gate, log))
	}})
	return room
}

// listSources tells the API of the sources.
func listSources(room *pull.Room) func() []api.Source {
	return func() []api.Source {
		all := room.Status()
		list := make([]api.Source, len(all))
		for i, s := range all {
			list[i] = api.Source{
				Name: s.Name, URL: s.URL, OnDemand: s.OnDemand, State: string(s.State), Since: s.Since, Next: s.Next,
				LastError: s.LastError, Retries: s.Retries, Viewers: s.Viewers,
			}
		}
		return list
	}
}

func measureSources(m *api.Metrics, room *pull.Room) {
	m.Gauges("millrace_sources", "Sources of the configuration, by what they are doing.", "state", func() map[string]float64 {
		n := map[string]float64{}
		for _, s := range pull.States {
			n[string(s)] = 0
		}
		for _, s := range room.Status() {
			n[string(s.State)]++
		}
		return n
	})
	m.Counter("millrace_source_failures_total", "Times that a source could not be fetched, or broke off.",
		func() float64 { return float64(room.Failures()) })
}
