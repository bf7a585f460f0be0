package ffmpeg

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os/exec"
	"slices"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/derive/ffmpeg/nut"
)

// encode has ffmpeg make units of a codec: a test picture of 30 a second or a tone.
func encode(t *testing.T, arguments ...string) (*nut.Track, []nut.Frame) {
	t.Helper()
	args := append([]string{"-v", "error", "-nostdin"}, arguments...)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-f", "nut", "pipe:1")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err, errs.String())
	}
	r := nut.NewReader(bytes.NewReader(out))
	var all []nut.Frame
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Track(), all
		}
		if err != nil {
			t.Fatalf("after %d: %v", len(all), err)
		}
		all = append(all, f)
	}
}

// feed writes the units and returns what has come of them when it is enough.
func feed(t *testing.T, target Target, track *av.Track, rate int, units []nut.Frame, parts func([]byte) [][]byte, enough int) *made {
	t.Helper()
	p := newProgram(t, Config{})
	var out made
	s, err := p.Open(Job{Stream: "live/a", Target: target, Source: track, FrameRate: 30}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		f := &av.Frame{Track: track, PTS: time.Second + timeOf(u.PTS, rate), Arrived: time.Now(), Parts: parts(u.Data)}
		if u.Key && track.Kind == av.Video {
			f.Type = av.Key
		}
		if err := s.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "frames", func() bool { return out.count() >= enough })
	s.Close()
	return &out
}

func whole(b []byte) [][]byte { return [][]byte{b} }

// TestEverySound turns two seconds of each into Opus.
func TestEverySound(t *testing.T) {
	tone := []string{"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"}
	for name, c := range map[string]struct {
		codec     av.Codec
		arguments []string
	}{
		"AAC 5.1": {av.AAC, []string{"-c:a", "aac", "-ac", "6"}},
		"MP3":     {av.MP3, []string{"-c:a", "libmp3lame", "-ar", "44100"}},
		"AC-3":    {av.AC3, []string{"-c:a", "ac3", "-ac", "6"}},
		"E-AC-3":  {av.EAC3, []string{"-c:a", "eac3", "-ac", "2"}},
		"FLAC":    {av.FLAC, []string{"-c:a", "flac", "-ac", "2"}},
		"G.711":   {av.PCMU, []string{"-c:a", "pcm_mulaw", "-ar", "8000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, units := encode(t, append(tone, c.arguments...)...)
			track := &av.Track{ID: 1, Kind: av.Audio, Codec: c.codec, SampleRate: from.SampleRate, Channels: from.Channels}
			if len(from.Extra) > 0 {
				track.Config = [][]byte{from.Extra}
			}
			out := feed(t, Opus, track, from.Rate, units, whole, 90)
			if len(out.tracks) != 1 || out.tracks[0].Codec != av.Opus || out.tracks[0].Channels != 2 {
				t.Errorf("%+v", out.tracks)
			}
			// An encoder's delay is in front of it, and Opus's own.
			if first := out.frames[0].PTS; first < 900*time.Millisecond || first > 1100*time.Millisecond {
				t.Errorf("the first at %v, wanted about a second", first)
			}
			for i := 1; i < len(out.frames); i++ {
				if step := out.frames[i].PTS - out.frames[i-1].PTS; (step - 20*time.Millisecond).Abs() > time.Millisecond {
					t.Errorf("packet %d comes %v after the one before", i, step)
				}
			}
		})
	}
}

// TestEveryPicture turns a second of each into H.264, picture by picture.
func TestEveryPicture(t *testing.T) {
	pattern := []string{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=1", "-pix_fmt", "yuv420p"}
	for name, c := range map[string]struct {
		codec     av.Codec
		parts     func([]byte) [][]byte
		arguments []string
	}{
		"H.265": {av.H265, splitAnnexB, []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=3"}},
		"VP8":   {av.VP8, whole, []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"}},
		"VP9":   {av.VP9, whole, []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"}},
		"AV1": {av.AV1, func(b []byte) [][]byte {
			units, err := codecs.AV1Split(b)
			if err != nil {
				t.Error(err)
			}
			return units
		}, []string{"-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, units := encode(t, append(pattern, c.arguments...)...)
			track := &av.Track{ID: 1, Kind: av.Video, Codec: c.codec, Width: 320, Height: 180, Reordered: from.Delay > 0}
			if c.codec == av.H265 {
				track.Config = splitAnnexB(from.Extra)[:3]
			}
			out := feed(t, H264, track, from.Rate, units, c.parts, len(units)-5)
			slices.SortFunc(units, func(a, b nut.Frame) int { return cmp.Compare(a.PTS, b.PTS) })
			for i, f := range out.frames {
				if want := time.Second + timeOf(units[i].PTS, from.Rate); f.PTS != want {
					t.Errorf("picture %d at %v, wanted %v", i, f.PTS, want)
				}
			}
			if len(out.tracks) != 1 || out.tracks[0].Width != 320 || out.frames[0].Type != av.Key {
				t.Errorf("%+v", out.tracks)
			}
		})
	}
}
