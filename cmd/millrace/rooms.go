package main

import (
	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/ingest"
	"millrace/ingest/whip"
	"millrace/playout"
	"millrace/playout/whep"
	"millrace/transmux/derive"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
	"millrace/web"
)

// furnish makes the rooms and their tasks, from the bus outwards.
func (g *gateway) furnish(cfg config.Config) {
	metrics := g.furnishMetrics()
	g.furnishTracing(&cfg.Tracing, g.neighbours.dir.Self().ID, metrics)
	strangers, onlookers := measureRefusals(metrics)
	g.furnishAccess(cfg, metrics)
	g.furnishEvents()
	g.furnishHooks(cfg, metrics)
	deriver, judge := g.furnishDerive(cfg, metrics)
	g.measureStreams(&cfg.Metrics, metrics, judge)
	fetched := g.furnishSources(cfg, metrics)
	g.source = fetched
	g.furnishRelay(cfg, deriver, fetched, metrics)
	g.furnishDrain(cfg, metrics)
	g.furnishDiagnosis(cfg, judge, deriver, fetched)
	self := g.neighbours.dir.Self()
	g.api = api.New(api.Config{
		Version: version(), Node: self.ID, Process: self.Session.String(), Ports: g.listeners.ports(),
		Access: g.access, Origins: cfg.HTTPS.CORS, Configuration: g.reload,
		Ledger: g.ledger, Journal: g.journal, Hooks: listHooks(g.hooks), Diagnosis: g.diagnosis,
		Sources: listSources(fetched), Pictures: g.hub.Pictures,
		Cluster: g.neighbours.describe, Tree: g.trees, Drain: g.leaving,
	}, g.hub, judge, metrics, g.log)
	g.doors = append(g.doors, task{"overview", g.api.Watch})
	gate := ingest.New(g.leaving.Publishers(fetched.Pushed()), ingest.Config{
		Limits: cfg.Limits.Ingest(), Authorize: g.noted(mayPublish(g.access)), Ledger: g.ledger, Tracer: g.tracer, Refused: strangers,
	}, g.log)
	viewers := playout.New(g.leaving.Viewers(g.source), playout.Config{
		Limits: cfg.Limits.Playout(), Authorize: mayPlay(g.access), Ledger: g.ledger, Refused: onlookers,
	})
	g.leaving.Count(viewers.Viewers, gate.Publishers)
	g.reloadGates(gate, viewers, metrics)
	measureCluster(metrics, g.neighbours)
	g.furnishRTSP(gate, viewers, metrics)
	g.furnishRTMP(cfg, gate, viewers, metrics)
	mounts := g.furnishWebRTC(cfg, gate, viewers, deriver, metrics)
	g.furnishTLS(metrics)
	pages := web.Handler(cfg.HTTPS.Frames, g.neighbours.hosts()...)
	site := g.neighbours.handler(g.api.Handler(pages, mounts...))
	g.furnishHTTP(cfg, metrics.Requests(g.traced(site)))
}

// furnishWebRTC makes everything between the WebRTC port and those who watch and
// publish over it.
func (g *gateway) furnishWebRTC(cfg config.Config, publishers *ingest.Gate, viewers *playout.Gate, deriver *derive.Room, metrics *api.Metrics) []api.Mount {
	if g.listeners.webrtc == nil {
		return nil
	}
	transport := sender.New(g.listeners.webrtc, g.log)
	detours, relays := g.furnishTURN(cfg, metrics)
	sessions := resource.New(resource.Config{
		ICEServers: cfg.WebRTC.ICEServers, Detours: detours, Origins: cfg.HTTPS.CORS,
		Rate: cfg.Limits.Requests, Node: g.neighbours.name(),
	})
	g.reloadSessions(sessions)
	room := whep.New(viewers, inOrder{derive.InOrder{Room: deriver}, g.wanted}, transport, sessions, g.observers(metrics, relays), g.log)
	measureWHEP(metrics, room)
	g.leaving.Move(moveBrowsers(g, room))
	taken := whip.New(publishers, transport, sessions, relays, g.log)
	measureWHIP(metrics, taken)
	measureRepairs(metrics, room, taken)
	measurePort(metrics, g.listeners.webrtc)
	g.doors = append(g.doors, atEnd("whip publishers", taken.Close))
	g.viewers = append(g.viewers, atEnd("viewers", room.Close))
	g.transport = append(g.transport, task{"transport", transport.Serve})
	g.port = append(g.port, task{"webrtc port", g.listeners.webrtc.Serve})
	return []api.Mount{room, taken, sessions}
}
