package rtmp

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest/ertmp"
	"millrace/transmux/bus"
)

// sendClip sends messages as fast as they go.
func (r *rude) sendClip(messages []ertmp.Message) {
	r.t.Helper()
	var w wire
	for _, m := range messages {
		kind, id := uint8(typeAudio), 4
		if m.Video {
			kind, id = typeVideo, 6
		}
		w.message(id, uint32(m.At/time.Millisecond), kind, m.Body)
	}
	r.send(w.b...)
}

// A publisher that knows the specification only is understood: every codec, and
// several tracks of a kind, each with its own frames and clock.
func TestEnhancedPublishers(t *testing.T) {
	for name, want := range map[string][]string{
		"hevc":   {`H265 "" 60 of 2 keys`, `AAC "" 95 of 0 keys`},
		"av1":    {`AV1 "" 60 of 2 keys`, `opus "" 100 of 0 keys`},
		"vp9":    {`VP9 "" 60 of 2 keys`, `opus "" 100 of 0 keys`},
		"ladder": {`H264 "" 60 of 2 keys`, `H264 "1" 60 of 2 keys`, `AAC "" 95 of 0 keys`, `opus "1" 100 of 0 keys`},
	} {
		slices.Sort(want)
		t.Run(name, func(t *testing.T) {
			h := start(t, setup{})
			r := h.rude().publish(name)
			r.sendClip(ertmp.Clips()[name])
			var got []string
			await(t, "all frames", func() bool {
				s, _ := h.hub.Stream("live/" + name)
				got = got[:0]
				for _, k := range s.Tracks {
					got = append(got, fmt.Sprintf("%v %q %d of %d keys", k.Track.Codec, k.Track.Rendition, k.Frames, k.Keyframes))
				}
				slices.Sort(got) // VP9 is known by its first keyframe only
				return fmt.Sprint(got) == fmt.Sprint(want) || h.log.Has("bad messages")
			})
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// The layers of a ladder are on one clock: a frame of each is at the same time.
func TestLadderIsOnOneClock(t *testing.T) {
	h := start(t, setup{})
	r := h.rude().publish("ladder")
	messages := ertmp.LadderClip()
	r.sendClip(messages[:3]) // the configurations
	v := h.watch("live/ladder")
	var large, small av.TrackID
	await(t, "two pictures", func() bool {
		for _, k := range v.sub.Stream().Catalog().Tracks {
			switch {
			case k.Kind == av.Video && k.Rendition == "":
				large = k.ID
			case k.Kind == av.Video:
				small = k.ID
			}
		}
		return large != 0 && small != 0
	})
	v.sub.Follow(large, 0)
	other, err := h.hub.Subscribe(t.Context(), "live/ladder")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.Follow(small, 0)
	r.sendClip(messages[3:])
	w := &viewer{t: t, sub: other}
	a, b := v.frames(20), w.frames(20)
	for i := range a {
		if a[i].PTS != b[i].PTS || a[i].Track.ID != large || b[i].Track.ID != small {
			t.Fatalf("frame %d at %v and %v", i, a[i].PTS, b[i].PTS)
		}
	}
}

// The default track is the stream's first of its kind, whenever it is announced;
// one that never is does not hold the others up for ever.
func TestDefaultTrackIsFirst(t *testing.T) {
	opus := func(id byte) []byte {
		return ertmp.AudioTracks(ertmp.SequenceStart, ertmp.OneTrack, ertmp.Track{ID: id, FourCC: "Opus", Payload: ertmp.OpusHead(2)})
	}
	renditions := func(r *mediaReader) (names []string) {
		for _, k := range []uint8{0, 1, 2} {
			if track := r.tracks[trackKey{av.Audio, k}]; track != nil {
				names = append(names, fmt.Sprintf("%d:%s", track.ID, track.Rendition))
			}
		}
		return names
	}
	for name, tc := range map[string]struct {
		bodies [][]byte
		after  time.Duration // of the last one
		want   string
	}{
		"announced last": {[][]byte{opus(2), opus(1), opus(1), opus(0)}, 0, "[1: 2:1 3:2]"},
		"never":          {[][]byte{opus(2), opus(1)}, 0, "[]"},
		"never, waited":  {[][]byte{opus(2), opus(1), ertmp.Audio(ertmp.SequenceEnd, "Opus")}, defaultPatience, "[1:1 2:2]"},
	} {
		hub := bus.New(bus.Config{})
		pub, err := hub.Publish("live/order", infoOfTest)
		if err != nil {
			t.Fatal(err)
		}
		r := &mediaReader{pub: pub, log: slog.New(slog.DiscardHandler), counters: &counters{}}
		now := time.Now()
		for i, body := range tc.bodies {
			if i == len(tc.bodies)-1 {
				now = now.Add(tc.after)
			}
			if err := r.take(&message{kind: typeAudio, body: body, arrived: now}); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprint(renditions(r)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		hub.Close()
	}
}

// A track that never can be read does not end the session of the others.
func TestOneBadTrackIsBorne(t *testing.T) {
	h := start(t, setup{})
	r := h.rude().publish("lame")
	var w wire
	e := ertmp.H264(true)
	record := ertmp.AVCRecord(e.Sets[0], e.Sets[1])
	w.message(6, 0, typeVideo, ertmp.VideoTracks(ertmp.Key, ertmp.SequenceStart, ertmp.ManyTracks,
		ertmp.Track{FourCC: "avc1", Payload: record}, ertmp.Track{ID: 1, FourCC: "avc1", Payload: record[:7]}))
	const frames = maxBad + 50
	for i := range frames {
		p := e.Pictures[i%len(e.Pictures)]
		w.message(6, uint32(i*33), typeVideo, ertmp.VideoTracks(ertmp.Inter, ertmp.CodedFramesX, ertmp.ManyTracks,
			ertmp.Track{FourCC: "avc1", Payload: ertmp.Units(p.NALUs...)}, ertmp.Track{ID: 1, FourCC: "avc1", Payload: []byte{0xFF, 1}}))
	}
	r.send(w.b...)
	await(t, "all frames of the good one", func() bool {
		s, _ := h.hub.Stream("live/lame")
		return len(s.Tracks) == 1 && s.Tracks[0].Frames == frames
	})
	if got := h.srv.Stats().BadMessages; got != frames+1 {
		t.Errorf("%d bad messages", got)
	}
}

// Who sends what is not taken is told so, and what to do; the rest plays on.
func TestUnsupportedIsTold(t *testing.T) {
	h := start(t, setup{})
	r := h.rude().publish("vvc")
	var w wire
	w.message(6, 0, typeVideo, ertmp.Video(ertmp.Key, ertmp.SequenceStart, "vvc1", 1, 2, 3))
	r.send(w.b...)
	said := r.awaitText("set the encoder to H.264")
	for _, words := range []string{"NetStream.Publish.Unsupported", "warning", "VVC"} {
		if !strings.Contains(said, words) {
			t.Errorf("%q does not say %q", said, words)
		}
	}
	r.sendClip(ertmp.VP9Clip())
	await(t, "sound and picture", func() bool {
		s, _ := h.hub.Stream("live/vvc")
		return len(s.Tracks) == 2
	})
}
