package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"reflect"
	"slices"

	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/cmd/millrace/doctor"
	"millrace/ingest"
	"millrace/ingest/pull"
	"millrace/playout"
	"millrace/transmux/rtc/resource"
)

// reloads makes the gateway read its configuration again when it is told to.
func (g *gateway) reloads(in *config.Inputs, now *config.Reading, level *slog.LevelVar, told <-chan os.Signal) {
	g.reload.Begin(in, now)
	g.reload.Add(func(_, now *config.Config) (func(), error) {
		return func() { level.Set(now.Level()) }, nil
	}, "log.level")
	g.reload.Add(g.reloadAccess, "auth.")
	g.reload.Add(func(old, now *config.Config) (func(), error) {
		if reflect.DeepEqual(old.Hooks, now.Hooks) {
			return nil, nil
		}
		return func() { g.hooks.Configure(now.Hooks.List) }, nil
	}, "hooks")
	g.reload.Add(func(_, _ *config.Config) (func(), error) {
		if g.listeners.certs == nil {
			return nil, nil
		}
		return nil, g.listeners.certs.Reload() // the files' names stay, what is in them may be new
	})
	g.reload.Add(func(_, now *config.Config) (func(), error) {
		return func() { g.hub.SetLinger(now.Stream.Linger) }, nil
	}, "stream.linger")
	g.doors = append(g.doors, task{"reload", func(ctx context.Context) error { return g.reload.Serve(ctx, told) }})
}

// errNoRule is about rules that are taken away where strangers come.
var errNoRule = errors.New("auth: strangers can reach this gateway, and without any rule publishing needs a key that is made at the start: leave a rule in, or start anew")

// madeKey names the ticket of the key that is made where nobody has said a rule.
const madeKey = "made key"

// reloadAccess replaces the rules. The key that was made is for those who have none.
func (g *gateway) reloadAccess(old, now *config.Config) (func(), error) {
	private := g.listeners.private()
	if !now.Auth.Said() && !private && g.key == "" {
		return nil, errNoRule
	}
	if reflect.DeepEqual(old.Auth, now.Auth) {
		return nil, nil // what is remembered of credentials stays so
	}
	return func() {
		g.access.Configure(now.Auth.Rules(private))
		if now.Auth.Said() && g.key != "" {
			g.access.Revoke(madeKey)
			g.key = ""
		}
	}, nil
}

// reloadSources lets the sources be changed. What those have that are being ended
// stays secret.
func (g *gateway) reloadSources(room *pull.Room, secrets *pull.Secrets) {
	g.reload.Add(func(old, now *config.Config) (func(), error) {
		if reflect.DeepEqual(old.Sources, now.Sources) {
			return nil, nil
		}
		return func() {
			secrets.Hide(slices.Concat(old.Sources, now.Sources)...)
			room.Configure(now.Sources)
		}, nil
	}, "sources")
}

// reloadGates lets the limits be changed, and counts whom they keep out.
func (g *gateway) reloadGates(publishers *ingest.Gate, viewers *playout.Gate, metrics *api.Metrics) {
	g.reload.Add(func(old, now *config.Config) (func(), error) {
		if old.Limits == now.Limits {
			return nil, nil
		}
		return func() {
			publishers.Configure(now.Limits.Ingest())
			viewers.Configure(now.Limits.Playout())
			doctor.CheckFiles(now, g.log)
		}, nil
	}, "limits.")
	measureLimits(metrics, publishers, viewers, func() uint64 {
		if g.sessions == nil {
			return 0
		}
		return g.sessions.Refused()
	})
	g.measureReloads(metrics)
}

// reloadSessions lets be changed what WHIP and WHEP clients are told and may ask.
func (g *gateway) reloadSessions(sessions *resource.Room) {
	g.sessions = sessions
	g.reload.Add(func(_, now *config.Config) (func(), error) {
		return func() { sessions.Configure(now.WebRTC.ICEServers, now.Limits.Requests) }, nil
	}, "webrtc.ice_servers", "limits.requests")
}

func (g *gateway) measureReloads(m *api.Metrics) {
	m.Counters("millrace_config_reloads_total", "Times that another configuration was to be put in force, by what came of it.", "result",
		func() map[string]uint64 {
			done, refused := g.reload.Counts()
			return map[string]uint64{"done": done, "refused": refused}
		})
}
