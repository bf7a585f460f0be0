package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"millrace/api"
	"millrace/transmux/access"
	"millrace/transmux/av"
	"millrace/transmux/derive"
	"millrace/transmux/derive/ffmpeg"
)

// deriveConfig is what may be made of streams' tracks, and with what.
type deriveConfig struct {
	FFmpeg       string // the program; "" looks on the PATH, "off" never starts one
	MaxProcesses int    // 0 is one for each core
	Video        struct {
		Mode             string           // auto or off
		Except           []access.Pattern // streams for which it is the other way round
		Encoder          string
		Preset           string
		Bitrate          int           // bits a second; 0 is near the source's
		KeyframeInterval time.Duration // 0 has them where the source has them
	}
}

func (d *deriveConfig) defaults() {
	d.Video.Mode = "auto"
	d.Video.Encoder = ffmpeg.DefaultEncoder
	d.Video.KeyframeInterval = 2 * time.Second
}

func (d *deriveConfig) settings() []setting {
	return []setting{
		{"ffmpeg.path", anyText(&d.FFmpeg)},
		{"derive.max_processes", count(&d.MaxProcesses, 0, 1<<10)},
		{"derive.video.mode", oneOf(&d.Video.Mode, "auto", "off")},
		{"derive.video.except", patterns(&d.Video.Except)},
		{"derive.video.encoder", word(&d.Video.Encoder)},
		{"derive.video.preset", word(&d.Video.Preset)},
		{"derive.video.bitrate", bitsPerSecond(&d.Video.Bitrate, "0 for near the source's")},
		{"derive.video.keyframe_interval", duration(&d.Video.KeyframeInterval, 0, time.Minute)},
	}
}

// room is the configuration as transmux/derive has it.
func (d *deriveConfig) room() derive.Config {
	keyframes := d.Video.KeyframeInterval
	if keyframes == 0 {
		keyframes = -1
	}
	return derive.Config{
		FFmpeg: ffmpeg.Config{
			Path: d.FFmpeg, MaxProcesses: d.MaxProcesses, Encoder: d.Video.Encoder, Preset: d.Video.Preset,
			Bitrate: d.Video.Bitrate, KeyframeInterval: keyframes,
		},
		Video: func(stream string) bool {
			off := d.Video.Mode == "off"
			if slices.ContainsFunc(d.Video.Except, func(p access.Pattern) bool { return p.Match(stream) }) {
				return off
			}
			return !off
		},
	}
}

// furnishDerive makes what makes tracks for viewers, and who knows what becomes of
// a track.
func (g *gateway) furnishDerive(cfg Config, metrics *api.Metrics) (*derive.Room, api.Judge) {
	made := cfg.Derive.room()
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

// patterns takes patterns of streams' names, as the rules of who may do.
func patterns(into *[]access.Pattern) func(string) error {
	return func(text string) error {
		list, err := access.ParsePatterns(commaList(text))
		if err != nil {
			return err
		}
		*into = list
		return nil
	}
}

// aWord is what ffmpeg calls encoders and presets. It may not look like an option.
var aWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]{0,63}$`)

// word takes a name that becomes an argument of a command.
func word(into *string) func(string) error {
	return func(text string) error {
		if text != "" && !aWord.MatchString(text) {
			return fmt.Errorf("%q is no name: it has letters, digits and _", text)
		}
		*into = text
		return nil
	}
}
