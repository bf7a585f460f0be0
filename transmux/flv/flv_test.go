package flv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// totals are what a file holds; the figures below are ffprobe's.
type totals struct {
	tracks               int
	frames, audioFrames  int
	videoBytes           int // with a length of four bytes in front of each unit
	audioBytes           int
	composition, longest time.Duration // sum and maximum
	lastVideo, lastAudio time.Duration
}

func TestDemuxerOfRealFiles(t *testing.T) {
	const ms = time.Millisecond
	for name, want := range map[string]totals{
		"obs-default":       {2, 86, 379, 914721, 76327, 5433 * ms, 166 * ms, 8033 * ms, 8064 * ms},
		"small-bframes-44k": {2, 300, 432, 308975, 122051, 20000 * ms, 167 * ms, 9967 * ms, 10052 * ms},
		"zerolatency":       {2, 85, 134, 947057, 45664, 0, 0, 2821 * ms, 2837 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			var d Demuxer
			var got totals
			var types []byte
			var video *av.Track
			for i, m := range readMessages(t, name) {
				read := d.Audio
				if m.video {
					read = d.Video
				}
				e, err := read(m.at, m.body)
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				if e.Track != nil {
					got.tracks++
					if m.video {
						video = e.Track
					}
				}
				if e.Frame == nil {
					continue
				}
				if !m.video {
					got.audioFrames++
					got.audioBytes += e.Frame.Size()
					got.lastAudio = e.Frame.PTS
					continue
				}
				got.frames++
				got.videoBytes += e.Frame.Size() + 4*len(e.Frame.Parts)
				got.composition += e.Frame.PTS - e.Frame.DTS
				got.longest = max(got.longest, e.Frame.PTS-e.Frame.DTS)
				got.lastVideo = e.Frame.DTS
				types = append(types, map[av.Type]byte{av.Key: 'I', av.Delta: 'P', av.Bidirectional: 'B'}[e.Frame.Type])
				if e.Frame.Type == av.Key && !strings.HasPrefix(name, "obs") {
					// ffmpeg leaves the parameter sets to the sequence header.
					got.videoBytes -= 2*4 + len(video.Config[0]) + len(video.Config[1])
				}
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(totals{})); diff != "" {
				t.Error(diff)
			}
			wantTypes, err := os.ReadFile(filepath.Join("testdata", name+".types"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(wantTypes)), string(types)); diff != "" {
				t.Errorf("types: %s", diff)
			}
		})
	}
}

func TestDemuxerAnnouncesTracks(t *testing.T) {
	for name, want := range map[string][2]av.Track{
		"obs-default": {
			{Kind: av.Video, Codec: av.H264, Width: 1280, Height: 720, Profile: "High 3.1"},
			{Kind: av.Audio, Codec: av.AAC, SampleRate: 48000, Channels: 2, Profile: "AAC-LC"},
		},
		"small-bframes-44k": {
			{Kind: av.Video, Codec: av.H264, Width: 320, Height: 180, Profile: "High 1.3"},
			{Kind: av.Audio, Codec: av.AAC, SampleRate: 44100, Channels: 2, Profile: "AAC-LC"},
		},
	} {
		var d Demuxer
		var got [2]av.Track
		v, err := d.Video(0, bodies(t, name, true, 1)[0])
		if err != nil || v.Frame != nil {
			t.Fatalf("%+v, %v", v, err)
		}
		a, err := d.Audio(0, bodies(t, name, false, 1)[0])
		if err != nil || a.Frame != nil {
			t.Fatalf("%+v, %v", a, err)
		}
		got[0], got[1] = *v.Track, *a.Track
		for i, units := range []int{2, 1} {
			if len(got[i].Config) != units {
				t.Errorf("%s: %d units of configuration", name, len(got[i].Config))
			}
			got[i].Config = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		// The caller numbers its track; the Demuxer's own must not change.
		v.Track.ID = 9
		if d.video[0].track.ID != 0 {
			t.Error("the track handed out is the Demuxer's own")
		}
	}
}

// Repeating a configuration says nothing; another one is announced.
func TestDemuxerChangeOfConfiguration(t *testing.T) {
	var d Demuxer
	obs, other := bodies(t, "obs-default", true, 1)[0], bodies(t, "zerolatency", true, 1)[0]
	for i, tc := range []struct {
		body  []byte
		width int // 0 for no news
	}{
		{obs, 1280}, {obs, 0}, {bodies(t, "small-bframes-44k", true, 1)[0], 320}, {other, 1280}, {other, 0},
	} {
		e, err := d.Video(0, tc.body)
		if err != nil || (e.Track != nil) != (tc.width != 0) || e.Track != nil && e.Track.Width != tc.width {
			t.Errorf("step %d: %+v, %v", i, e.Track, err)
		}
	}
	lc48, lc44 := []byte{0xAF, 0, 0x11, 0x90}, []byte{0xAF, 0, 0x12, 0x10}
	for i, tc := range []struct {
		body []byte
		rate int
	}{
		{lc48, 48000}, {lc48, 0}, {lc44, 44100},
	} {
		e, err := d.Audio(0, tc.body)
		if err != nil || (e.Track != nil) != (tc.rate != 0) || e.Track != nil && e.Track.SampleRate != tc.rate {
			t.Errorf("step %d: %+v, %v", i, e.Track, err)
		}
	}
}
