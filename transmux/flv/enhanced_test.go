package flv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest/ertmp"
)

// all are an event and what comes with it.
func all(e Event) (events []*Event) {
	for at := &e; at != nil && *at != (Event{}); at = at.Next {
		events = append(events, at)
	}
	return events
}

// summary is what a clip came to, track by track.
func summary(t *testing.T, d *Demuxer, messages []ertmp.Message) map[string]string {
	t.Helper()
	type tally struct {
		tracks            []string
		frames, keys, b   int
		bytes, payloads   int
		last              time.Duration
		outOfOrder, early int
	}
	tallies := map[string]*tally{}
	for i, m := range messages {
		read := d.Audio
		if m.Video {
			read = d.Video
		}
		event, err := read(m.At, append([]byte(nil), m.Body...))
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		for _, e := range all(event) {
			name := fmt.Sprintf("audio %d", e.Number)
			if m.Video {
				name = fmt.Sprintf("video %d", e.Number)
			}
			s := tallies[name]
			if s == nil {
				s = &tally{last: -1}
				tallies[name] = s
			}
			if k := e.Track; k != nil {
				s.tracks = append(s.tracks, fmt.Sprintf("%v %s %q %dx%d %d/%d", k.Codec, k.Profile, k.Rendition, k.Width, k.Height, k.SampleRate, k.Channels))
			}
			f := e.Frame
			if f == nil {
				continue
			}
			s.frames++
			s.bytes += f.Size()
			s.payloads += len(f.Payloads)
			switch f.Type {
			case av.Key:
				s.keys++
			case av.Bidirectional:
				s.b++
			}
			if f.DTS <= s.last {
				s.outOfOrder++
			}
			if f.PTS < f.DTS {
				s.early++
			}
			s.last = f.DTS
		}
	}
	out := map[string]string{}
	for name, s := range tallies {
		out[name] = fmt.Sprintf("%s: %d frames, %d keys, %d B", strings.Join(s.tracks, ", "), s.frames, s.keys, s.b)
		if s.outOfOrder+s.early > 0 || (s.payloads == 0) != strings.Contains(out[name], "AAC") {
			t.Errorf("%s: %d frames out of order, %d shown before decoded, %d payloads", name, s.outOfOrder, s.early, s.payloads)
		}
	}
	return out
}

func TestEnhancedClips(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"hevc": {
			"video 0": `H265 Main 2.1 "" 640x360 0/0: 60 frames, 2 keys, 38 B`,
			"audio 0": `AAC AAC-LC "" 0x0 48000/2: 95 frames, 0 keys, 0 B`,
		},
		"av1": {
			"video 0": `AV1 Main 2.1 "" 640x360 0/0: 60 frames, 2 keys, 0 B`,
			"audio 0": `opus Opus "" 0x0 48000/2: 100 frames, 0 keys, 0 B`,
		},
		"vp9": {
			"video 0": `VP9 Profile 0 "" 640x360 0/0: 60 frames, 2 keys, 0 B`,
			"audio 0": `opus Opus "" 0x0 48000/2: 100 frames, 0 keys, 0 B`,
		},
		"ladder": {
			"video 0": `H264 Constrained Baseline 3.0 "" 640x360 0/0: 60 frames, 2 keys, 0 B`,
			"video 1": `H264 Constrained Baseline 1.3 "1" 320x180 0/0: 60 frames, 2 keys, 0 B`,
			"audio 0": `AAC AAC-LC "" 0x0 48000/2: 95 frames, 0 keys, 0 B`,
			"audio 1": `opus Opus "1" 0x0 48000/2: 100 frames, 0 keys, 0 B`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var d Demuxer
			got := summary(t, &d, ertmp.Clips()[name])
			for track := range want {
				if got[track] != want[track] {
					t.Errorf("%s: %s\nwant %s", track, got[track], want[track])
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d tracks: %v", len(got), got)
			}
		})
	}
}

// HEVC as it was sent before Enhanced RTMP: as AVC, by codec 12.
func TestLegacyHEVC(t *testing.T) {
	e := ertmp.H265()
	var d Demuxer
	got, err := d.Video(0, append([]byte{0x1C, 0, 0, 0, 0}, ertmp.HEVCRecord(e.Sets[0], e.Sets[1], e.Sets[2])...))
	if err != nil || got.Track == nil || got.Track.Codec != av.H265 || got.Track.Width != 640 {
		t.Fatalf("%+v, %v", got, err)
	}
	got, err = d.Video(0, append([]byte{0x1C, 1, 0, 0, 66}, ertmp.Units(e.Pictures[0].NALUs...)...))
	if err != nil || got.Frame == nil || got.Frame.Type != av.Key || len(got.Frame.Parts) != 4 || got.Frame.PTS != 66*time.Millisecond {
		t.Fatalf("%+v, %v", got.Frame, err)
	}
}

// Configurations that leave it to the frames to say what they are.
func TestConfigurationInBand(t *testing.T) {
	h265, h264 := ertmp.H265(), ertmp.H264(true)
	units, _ := ertmp.AV1()
	bare := ertmp.HEVCRecord(h265.Sets[0], h265.Sets[1], h265.Sets[2])[:23]
	bare[22] = 0
	for name, bodies := range map[string][][]byte{
		"HEVC": {
			ertmp.Video(ertmp.Key, ertmp.SequenceStart, "hvc1", bare...),
			ertmp.Video(ertmp.Key, ertmp.CodedFramesX, "hvc1", ertmp.Units(append(h265.Sets, h265.Pictures[0].NALUs...)...)...),
		},
		"AVC": {ertmp.Video(ertmp.Key, ertmp.CodedFramesX, "avc1", ertmp.Units(append(h264.Sets, h264.Pictures[0].NALUs...)...)...)},
		"AV1": {
			ertmp.Video(ertmp.Key, ertmp.MPEG2TSSequenceStart, "av01", 0x80, 4, 0x81, 4, 0x0C, 0),
			ertmp.Video(ertmp.Key, ertmp.SequenceStart, "av01", 0x81, 4, 0x0C, 0),
			ertmp.Video(ertmp.Key, ertmp.CodedFrames, "av01", units[0]...),
		},
		"VP9": {ertmp.Video(ertmp.Key, ertmp.CodedFrames, "vp09", ertmp.VP9()[0]...)},
	} {
		var d Demuxer
		for i, body := range bodies {
			e, err := d.Video(0, body)
			last := i == len(bodies)-1
			if err != nil || (e.Track != nil) != last || (e.Frame != nil) != last || last && e.Frame.Type != av.Key {
				t.Errorf("%s: message %d: %+v, %v", name, i, e, err)
			}
		}
	}
}

// Modifiers are obeyed if known and skipped if not, whatever their size.
func TestModEx(t *testing.T) {
	start := ertmp.Audio(ertmp.SequenceStart, "Opus", ertmp.OpusHead(2)...)
	body := ertmp.Audio(ertmp.CodedFrames, "Opus", ertmp.Opus()[0]...)
	for name, tc := range map[string]struct {
		body []byte
		ns   time.Duration
	}{
		"none":                  {body, 0},
		"nanoseconds":           {ertmp.Nano(body, 333_333), 333_333},
		"too many nanoseconds":  {ertmp.Nano(body, 0xFFFFFF), 999_999},
		"twice":                 {ertmp.Nano(ertmp.ModEx(body, 9, 1), 5), 5},
		"unknown":               {ertmp.ModEx(body, 3, make([]byte, 200)...), 0},
		"of 255 bytes":          {ertmp.ModEx(body, 3, make([]byte, 255)...), 0},
		"of 256 bytes":          {ertmp.ModEx(body, 3, make([]byte, 256)...), 0},
		"of 65536 bytes":        {ertmp.ModEx(body, 3, make([]byte, 65536)...), 0},
		"nanoseconds, cut down": {ertmp.ModEx(body, 0, 1, 2), 0},
	} {
		var d Demuxer
		if _, err := d.Audio(0, start); err != nil {
			t.Fatal(err)
		}
		e, err := d.Audio(time.Second, append([]byte(nil), tc.body...))
		if err != nil || e.Frame == nil || e.Frame.PTS != time.Second+tc.ns {
			t.Errorf("%s: %+v, %v", name, e.Frame, err)
		}
		for n := range min(len(tc.body)-len(body)+4, 300) { // cut short anywhere in front of the packet
			if n == 0 {
				continue
			}
			if e, err := d.Audio(0, append([]byte(nil), tc.body[:n]...)); err == nil || e != (Event{}) {
				t.Errorf("%s, %d bytes: %+v, %v", name, n, e, err)
			}
		}
	}
}

// One bad track does not cost the others, and the default comes first.
func TestMultitrackKeepsTheGood(t *testing.T) {
	h := ertmp.H264(true)
	good := ertmp.AVCRecord(h.Sets[0], h.Sets[1])
	for name, tc := range map[string]struct {
		body    []byte
		numbers string
		words   string
	}{
		"default last": {ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracks,
			ertmp.Track{ID: 2, FourCC: "avc1", Payload: good}, ertmp.Track{FourCC: "avc1", Payload: good}), "[0 2]", ""},
		"one codec unknown": {ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracksManyCodecs,
			ertmp.Track{FourCC: "vvc1", Payload: good}, ertmp.Track{ID: 1, FourCC: "avc1", Payload: good}), "[1]", "vvc1"},
		"one malformed": {ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracks,
			ertmp.Track{FourCC: "avc1", Payload: good[:9]}, ertmp.Track{ID: 1, FourCC: "avc1", Payload: good}), "[1]", "cut short"},
		"the last too long": {append(ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracks,
			ertmp.Track{FourCC: "avc1", Payload: good}), 1, 0xFF, 0xFF, 0xFF, 1), "[0]", "16777215 bytes"},
		"a size cut short": {append(ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracks,
			ertmp.Track{FourCC: "avc1", Payload: good}), 1, 0), "[0]", "cut short"},
		"inside itself": {[]byte{0x96, 0x06, 'a', 'v', 'c', '1', 0}, "[]", "inside"},
		"too many": {ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracks, func() (list []ertmp.Track) {
			for i := range byte(200) {
				list = append(list, ertmp.Track{ID: i, FourCC: "avc1", Payload: good})
			}
			return list
		}()...), "[0 1 2 3 4 5 6 7]", "more than 8 tracks"},
	} {
		var d Demuxer
		e, err := d.Video(0, tc.body)
		numbers := []int{}
		for _, one := range all(e) {
			numbers = append(numbers, int(one.Number))
		}
		if fmt.Sprint(numbers) != tc.numbers || (err != nil) != (tc.words != "") || err != nil && !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s: tracks %v, %v", name, numbers, err)
		}
	}
	var d Demuxer
	if _, err := d.Video(0, ertmp.Video(ertmp.Key, ertmp.SequenceStart, "vvc1")); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

// A track may change its codec; a frame of the old one is not taken for the new.
func TestTrackChangesCodec(t *testing.T) {
	h265, h264 := ertmp.H265(), ertmp.H264(true)
	var d Demuxer
	for i, tc := range []struct {
		body  []byte
		track av.Codec
		frame bool
	}{
		{ertmp.Video(ertmp.Key, ertmp.SequenceStart, "avc1", ertmp.AVCRecord(h264.Sets[0], h264.Sets[1])...), av.H264, false},
		{ertmp.Video(ertmp.Key, ertmp.CodedFramesX, "hvc1", ertmp.Units(h265.Pictures[0].NALUs...)...), 0, false},
		{ertmp.Video(ertmp.Key, ertmp.SequenceStart, "hvc1", ertmp.HEVCRecord(h265.Sets[0], h265.Sets[1], h265.Sets[2])...), av.H265, false},
		{ertmp.Video(ertmp.Key, ertmp.CodedFramesX, "hvc1", ertmp.Units(h265.Pictures[0].NALUs...)...), 0, true},
		{ertmp.Video(ertmp.Key, ertmp.CodedFrames, "vp09", ertmp.VP9()[0]...), av.VP9, true},
		{ertmp.Video(ertmp.Key, ertmp.SequenceEnd, "vp09"), 0, false},
	} {
		e, err := d.Video(0, tc.body)
		if err != nil || (e.Track != nil) != (tc.track != 0) || e.Track != nil && e.Track.Codec != tc.track || (e.Frame != nil) != tc.frame {
			t.Errorf("step %d: %+v, %v", i, e, err)
		}
	}
}

// Sounds that need no header, and G.711 in frames of 20 ms.
func TestSoundsByThemselves(t *testing.T) {
	for name, tc := range map[string]struct {
		body   []byte
		want   string
		frames int
	}{
		"MP3, legacy":   {append([]byte{0x2F}, "\xff\xfb\x90\x64rest"...), "MP3 MP3 44100/2", 1},
		"MP3":           {ertmp.Audio(ertmp.CodedFrames, ".mp3", []byte("\xff\xfb\x94\xc4rest")...), "MP3 MP3 48000/1", 1},
		"AC-3":          {ertmp.Audio(ertmp.CodedFrames, "ac-3", []byte("\x0b\x77\xb5\x0b\x1e\x40\xeb\xf8")...), "AC3 AC-3 48000/6", 1},
		"E-AC-3":        {ertmp.Audio(ertmp.CodedFrames, "ec-3", []byte("\x0b\x77\x03\x7f\x3f\x87\xc0\x00")...), "EAC3 E-AC-3 48000/6", 1},
		"Opus":          {ertmp.Audio(ertmp.CodedFrames, "Opus", ertmp.Opus()[0]...), "opus Opus 48000/2", 1},
		"A-law":         {append([]byte{0x72}, make([]byte, 1024)...), "PCMA G.711 A-law 8000/1", 7},
		"µ-law":         {append([]byte{0x82}, make([]byte, 160)...), "PCMU G.711 µ-law 8000/1", 1},
		"FLAC, no info": {ertmp.Audio(ertmp.CodedFrames, "fLaC", 0xFF, 0xF8), "", 0},
	} {
		var d Demuxer
		e, err := d.Audio(time.Second, tc.body)
		got, frames := "", 0
		for i, one := range all(e) {
			if k := one.Track; k != nil {
				got = fmt.Sprintf("%v %s %d/%d", k.Codec, k.Profile, k.SampleRate, k.Channels)
			}
			if one.Frame != nil {
				frames++
				if one.Frame.PTS != time.Second+time.Duration(i)*20*time.Millisecond {
					t.Errorf("%s: frame %d at %v", name, i, one.Frame.PTS)
				}
			}
		}
		if err != nil || got != tc.want || frames != tc.frames {
			t.Errorf("%s: %s, %d frames, %v", name, got, frames, err)
		}
	}
	var d Demuxer
	info := append([]byte{0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x0B, 0xB8, 0x02, 0xF0}, make([]byte, 20)...)
	e, err := d.Audio(0, ertmp.Audio(ertmp.SequenceStart, "fLaC", append([]byte("fLaC\x80\x00\x00\x22"), info...)...))
	if err != nil || e.Track == nil || e.Track.Codec != av.FLAC || e.Track.SampleRate != 48000 {
		t.Errorf("FLAC: %+v, %v", e.Track, err)
	}
}

// A record cut at any byte is an error, and so is one with a length that lies.
func TestHEVCRecordsCutShort(t *testing.T) {
	e := ertmp.H265()
	whole := ertmp.HEVCRecord(e.Sets[0], e.Sets[1], e.Sets[2])
	for n := 1; n < len(whole); n++ {
		if _, err := parseHEVCRecord(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes", n, len(whole))
		}
	}
	for at, b := range map[int]byte{0: 2, 21: 2, 22: 0xFF, 24: 0xFF, 26: 0xFF} {
		lie := append([]byte(nil), whole...)
		lie[at] = b
		if _, err := parseHEVCRecord(lie); err == nil {
			t.Errorf("byte %d as %#x was believed", at, b)
		}
	}
}
