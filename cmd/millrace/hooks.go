package main

import (
	"millrace/api"
	"millrace/api/hooks"
	"millrace/cmd/millrace/config"
)

// furnishHooks makes who tells others what happens here. It is stopped after
// everything else, so that the end of every session is told, too.
func (g *gateway) furnishHooks(cfg config.Config, metrics *api.Metrics) {
	g.hooks = hooks.New(cfg.Hooks.List, g.journal, nil, g.log)
	measureHooks(metrics, g.hooks)
	g.afterwards = append(g.afterwards, task{"hooks", g.hooks.Serve})
}

// listHooks tells the API of the hooks.
func listHooks(room *hooks.Room) func() []api.Hook {
	return func() []api.Hook {
		all := room.Status()
		list := make([]api.Hook, len(all))
		for i, s := range all {
			list[i] = api.Hook{
				Name: s.Name, Kind: s.Kind, Target: s.Target, Events: s.Events, Streams: s.Streams, State: s.State,
				Queued: s.Queued, Delivered: s.Counts.Delivered, Failed: s.Counts.Failed,
				Dropped: s.Counts.Refused + s.Counts.GivenUp + s.Counts.Missed, LastError: s.LastError, LastAt: s.LastAt, Next: s.Next,
			}
		}
		return list
	}
}

func measureHooks(m *api.Metrics, room *hooks.Room) {
	counter := func(name, help string, read func(c hooks.Counts) uint64) {
		m.Counters(name, help, "hook", func() map[string]uint64 {
			counts := map[string]uint64{}
			for name, c := range room.Counts() {
				counts[name] = read(c)
			}
			return counts
		})
	}
	gauge := func(name, help string, read func(s hooks.Status) float64) {
		m.Gauges(name, help, "hook", func() map[string]float64 {
			values := map[string]float64{}
			for _, s := range room.Status() {
				values[s.Name] = read(s)
			}
			return values
		})
	}
	counter("millrace_hook_delivered_total", "Events that a hook's receiver has taken.", func(c hooks.Counts) uint64 { return c.Delivered })
	counter("millrace_hook_failed_attempts_total", "Attempts to deliver an event that failed.", func(c hooks.Counts) uint64 { return c.Failed })
	counter("millrace_hook_refused_total", "Events that a hook's receiver did not want.", func(c hooks.Counts) uint64 { return c.Refused })
	counter("millrace_hook_given_up_total", "Events that were tried for as long as give_up says.", func(c hooks.Counts) uint64 { return c.GivenUp })
	counter("millrace_hook_missed_total", "Events that were gone before they could be tried, because the hook was too far behind.", func(c hooks.Counts) uint64 { return c.Missed })
	gauge("millrace_hook_queued", "Events that are still to be told.", func(s hooks.Status) float64 { return float64(s.Queued) })
	gauge("millrace_hook_retrying", "1 while a hook's receiver takes nothing and is tried again.", func(s hooks.Status) float64 {
		if s.State == hooks.Retrying {
			return 1
		}
		return 0
	})
}
