package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"millrace/transmux/access"
	"millrace/transmux/derive"
	"millrace/transmux/derive/ffmpeg"
)

// Derive is what may be made of streams' tracks, and with what.
type Derive struct {
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

func (d *Derive) defaults() {
	d.Video.Mode = "auto"
	d.Video.Encoder = ffmpeg.DefaultEncoder
	d.Video.KeyframeInterval = 2 * time.Second
}

func (d *Derive) settings() []setting {
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

// Room is the configuration as transmux/derive has it.
func (d *Derive) Room() derive.Config {
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
