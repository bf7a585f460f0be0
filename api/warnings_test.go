package api

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

func TestWarnings(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h264 := func(s bus.TrackSnapshot) bus.TrackSnapshot {
		s.Track = &av.Track{ID: 1, Kind: av.Video, Codec: av.H264}
		s.LastFrame = now.Add(-4 * time.Second)
		return s
	}
	good := h264(bus.TrackSnapshot{Frames: 300, Keyframes: 5, FrameRate: 30, KeyframeInterval: 2 * time.Second})
	aac := bus.TrackSnapshot{Track: &av.Track{ID: 2, Kind: av.Audio, Codec: av.AAC, Profile: "AAC-LC"}, Frames: 400}
	heaac := bus.TrackSnapshot{Track: &av.Track{ID: 2, Kind: av.Audio, Codec: av.AAC, Profile: "HE-AAC"}, Frames: 400}
	opus := bus.TrackSnapshot{Track: &av.Track{ID: 3, Kind: av.Audio, Codec: av.Opus, DerivedFrom: 2}, Frames: 400}
	obs := h264(bus.TrackSnapshot{
		Frames: 1000, Keyframes: 4, Bidirectional: 660, FrameRate: 30.02, BShare: 0.6666, KeyframeInterval: 8333 * time.Millisecond,
	})

	cured := func(s bus.TrackSnapshot) bus.TrackSnapshot {
		s.Track = &av.Track{ID: 1, Kind: av.Video, Codec: av.H264, Reordered: true, Rendition: "cured"}
		s.Bidirectional, s.BShare = 200, 0.66
		return s
	}
	h265 := func(s bus.TrackSnapshot) bus.TrackSnapshot {
		s.Track = &av.Track{ID: 1, Kind: av.Video, Codec: av.H265}
		return s
	}
	for _, tc := range []struct {
		name   string
		gone   bool
		age    time.Duration
		tracks []bus.TrackSnapshot
		codes  []string
		words  []string // in the details, in any order
	}{
		{"all well", false, time.Minute, []bus.TrackSnapshot{good, aac, opus}, nil, nil},
		{
			"OBS as it comes", false, time.Minute,
			[]bus.TrackSnapshot{obs, aac},
			[]string{"b_frames", "long_keyframe_interval"},
			[]string{"20 of 30 pictures a second are left out, playing at 10.", "every 8.3 s"},
		},
		{
			"B-frames not yet measured", false, time.Second,
			[]bus.TrackSnapshot{h264(bus.TrackSnapshot{Frames: 9, Keyframes: 1, Bidirectional: 6}), aac},
			[]string{"b_frames"},
			[]string{"6 of 9 pictures so far are left out."},
		},
		{"B-frames that are taken out", false, time.Minute, []bus.TrackSnapshot{cured(good), aac}, nil, nil},
		{
			"a picture that cannot be played", false, time.Minute,
			[]bus.TrackSnapshot{h265(good), aac},
			[]string{"video_unplayable"},
			[]string{"ffmpeg is not installed"},
		},
		{"five seconds are not long", false, time.Minute, []bus.TrackSnapshot{h264(bus.TrackSnapshot{Frames: 9, Keyframes: 2, KeyframeInterval: 5 * time.Second}), aac}, nil, nil},
		{
			"no keyframe", false, 8 * time.Second,
			[]bus.TrackSnapshot{h264(bus.TrackSnapshot{Frames: 240, FrameRate: 30}), aac},
			[]string{"no_keyframe"},
			[]string{"240 pictures have come in 8 s"},
		},
		{"no keyframe yet", false, time.Second, []bus.TrackSnapshot{h264(bus.TrackSnapshot{Frames: 30}), aac}, nil, nil},
		{"sound that cannot be played", false, time.Minute, []bus.TrackSnapshot{good, heaac}, []string{"audio_unplayable"}, []string{"set the encoder to AAC-LC"}},
		{"only picture", false, time.Minute, []bus.TrackSnapshot{good}, []string{"no_audio"}, []string{"60 s"}},
		{"only sound", false, time.Minute, []bus.TrackSnapshot{aac}, []string{"no_video"}, nil},
		{"derived sound is not the publisher's", false, time.Minute, []bus.TrackSnapshot{good, opus}, []string{"no_audio"}, nil},
		{"only announced", false, time.Minute, []bus.TrackSnapshot{h264(bus.TrackSnapshot{}), aac}, []string{"no_video"}, nil},
		{"nothing at all", false, time.Minute, nil, []string{"no_video", "no_audio"}, nil},
		{"nothing yet", false, time.Second, nil, nil, nil},
		{"gone, and only that", true, time.Minute, []bus.TrackSnapshot{obs}, []string{"publisher_gone"}, []string{"nothing for 4 s"}},
		{"gone before anything came", true, time.Minute, nil, []string{"publisher_gone"}, []string{"has left"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snap := &bus.Snapshot{Live: !tc.gone, Since: now.Add(-tc.age), Tracks: tc.tracks}
			got := Warnings(snap, judge, now)
			var codes []string
			var details string
			for _, w := range got {
				codes = append(codes, w.Code)
				details += w.Detail + "\n"
				if w.Title == "" || w.Detail == "" || w.Remedy == "" {
					t.Errorf("incomplete: %+v", w)
				}
			}
			if diff := cmp.Diff(tc.codes, codes); diff != "" {
				t.Error(diff)
			}
			for _, words := range tc.words {
				if !strings.Contains(details, words) {
					t.Errorf("no %q in\n%s", words, details)
				}
			}
		})
	}
}
