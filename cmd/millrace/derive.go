package main

import (
	"millrace/api"
	"millrace/cmd/millrace/config"
	"millrace/transmux/av"
	"millrace/transmux/derive"
	"millrace/transmux/derive/ffmpeg"
)

// furnishDerive makes what makes tracks for viewers, and who knows what becomes of
// a track.
func (g *gateway) furnishDerive(cfg config.Config, metrics *api.Metrics) (*derive.Room, api.Judge) {
	made := cfg.Derive.Room()
	made.Observer = derivedTeller{g.journal}
	room := derive.New(made, g.log)
	measureDerive(metrics, room)
	g.derivations = append(g.derivations, atEnd("derivations", room.Close))
	return room, func(stream string, t *av.Track) api.Verdict {
		v := room.Judge(stream, t)
		told := api.Verdict{Way: string(v.How), Why: v.Why}
		for _, p := range v.Players {
			told.Players = append(told.Players, api.Player{What: p.What, How: string(p.How), Why: p.Why})
		}
		return told
	}
}

func measureDerive(m *api.Metrics, r *derive.Room) {
	m.Gauge("millrace_derivations", "Tracks being made of others now.",
		func() float64 { return float64(r.Stats().Active) })
	m.Counter("millrace_derive_corrupt_total", "Units that could not be decoded and were replaced by silence, and pictures that a machine too slow left out.",
		func() float64 { return float64(r.Stats().Trouble) })
	m.Drops.Add("derivation", func() uint64 { return r.Stats().Trouble })
	m.Counter("millrace_derive_restarts_total", "Derivations that failed and were started anew.",
		func() float64 { return float64(r.Stats().Restarts) })
	m.Counter("millrace_derive_busy_seconds_total", "Time spent making tracks in the process, and handing frames to ffmpeg.",
		func() float64 { return r.Stats().Busy.Seconds() })
	m.Gauge("millrace_ffmpeg_processes", "Processes of ffmpeg running now.",
		func() float64 { return float64(r.Stats().FFmpeg.Running) })
	m.Counters("millrace_ffmpeg_started_total", "Processes of ffmpeg started, by what they make.", "target",
		func() map[string]uint64 {
			started := map[string]uint64{string(ffmpeg.H264): 0, string(ffmpeg.Opus): 0}
			for target, n := range r.Stats().FFmpeg.Started {
				started[string(target)] = n
			}
			return started
		})
	m.Counter("millrace_ffmpeg_refused_total", "Times that a process was wanted and derive.max_processes did not allow it.",
		func() float64 { return float64(r.Stats().FFmpeg.Refused) })
	m.Counter("millrace_ffmpeg_cpu_seconds_total", "CPU time of the processes, those that run now included.",
		func() float64 { return r.Stats().FFmpeg.CPU.Seconds() })
}
