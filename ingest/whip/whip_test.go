package whip

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// annexB is a unit with start codes, as pion wants it.
func annexB(nalus ...[]byte) []byte {
	var b []byte
	for _, n := range nalus {
		b = append(append(b, 0, 0, 0, 1), n...)
	}
	return b
}

func TestPictureAndSound(t *testing.T) {
	h := newHouse(t, bus.Config{})
	video, audio := newTrack(t, webrtc.MimeTypeH264, "v"), newTrack(t, webrtc.MimeTypeOpus, "a")
	p := newPublisher(t, h, video, audio)
	p.publish("live/x")
	sub, err := h.hub.Subscribe(t.Context(), "live/x")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()

	params, units := avtest.H264Sliced()
	const rounds = 40
	var frames []*av.Frame
	deadline := time.After(10 * time.Second)
	for i := 0; len(frames) < rounds; i++ {
		if i < rounds+20 {
			nalus := units[0].Slices
			if i%8 == 0 {
				nalus = append([][]byte{params.SPS, params.PPS}, nalus...)
			} else {
				nalus = units[1].Slices
			}
			write(t, video, annexB(nalus...), 20*time.Millisecond)
			write(t, audio, avtest.OpusSilence(2), 20*time.Millisecond)
		}
		changed := sub.Stream().Changed()
		v, a := avtest.PublisherTracks(sub.Stream().Catalog())
		sub.Follow(v, a)
		for f := sub.Poll(); f != nil; f = sub.Poll() {
			frames = append(frames, f)
		}
		select {
		case <-changed:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%d frames came", len(frames))
		}
	}
	last := map[av.Kind]time.Duration{}
	for i, f := range frames {
		if f.DTS <= last[f.Track.Kind] {
			t.Errorf("frame %d goes back from %v to %v", i, last[f.Track.Kind], f.DTS)
		}
		last[f.Track.Kind] = f.DTS
		if f.Type == av.Key && !bytes.Equal(f.Parts[0], params.SPS) {
			t.Error("a keyframe comes without its parameter sets")
		}
	}
	if d := (last[av.Video] - last[av.Audio]).Abs(); d > 100*time.Millisecond {
		t.Errorf("picture and sound are %v apart", d)
	}
	snap, _ := h.hub.Stream("live/x")
	if len(snap.Tracks) != 2 || snap.Publisher.Protocol != "whip" || !snap.Publisher.Refreshes {
		t.Errorf("%+v", snap)
	}
}

// A publisher whose timestamps begin anew is told of, and one whose line or camera
// only stood still is not.
func TestClockJumps(t *testing.T) {
	h := newHouse(t, bus.Config{})
	audio := newTrack(t, webrtc.MimeTypeOpus, "a")
	newPublisher(t, h, audio).publish("live/x")
	told := func(jumps uint64, packets int) {
		t.Helper()
		var before uint64
		if n := h.ledger.Sessions()[0].Numbers(); !n.At.IsZero() {
			before = n.Packets
		}
		tick := time.NewTicker(20 * time.Millisecond) // as fast as its timestamps say
		defer tick.Stop()
		for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
			n := h.ledger.Sessions()[0].Numbers()
			if n.ClockJumps == jumps && n.Packets >= before+uint64(packets) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("not %d jumps: %+v", jumps, n)
			}
			write(t, audio, avtest.OpusSilence(2), 20*time.Millisecond)
		}
	}
	told(0, 20)
	write(t, audio, avtest.OpusSilence(2), time.Hour) // what follows is an hour later
	told(1, 20)
	write(t, audio, avtest.OpusSilence(2), 12*time.Hour)
	told(2, 20)
}

func TestAKeyframeIsAskedForOnce(t *testing.T) {
	h := newHouse(t, bus.Config{})
	video := newTrack(t, webrtc.MimeTypeVP8, "v")
	p := newPublisher(t, h, video)
	p.publish("live/x")
	await(t, func() bool {
		write(t, video, []byte{0x11, 0, 0, 1, 2, 3}, 20*time.Millisecond) // a frame that needs others
		return len(p.asked) > 0
	})
	begun := time.Now()
	for range 100 {
		sub, err := h.hub.Subscribe(t.Context(), "live/x")
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		sub.Stream().RequestKeyframe()
	}
	await(t, func() bool { return time.Since(begun) > 1200*time.Millisecond })
	if n := len(p.asked); n > 4 { // each half second one
		t.Errorf("%d requests in 1.2 s", n)
	}
}

func TestRefusals(t *testing.T) {
	h := newHouse(t, bus.Config{})
	first := newPublisher(t, h, newTrack(t, webrtc.MimeTypeVP8, "v"))
	first.publish("live/x")
	second := newPublisher(t, h, newTrack(t, webrtc.MimeTypeVP8, "v"))
	if status, body := second.post("live/x"); status != http.StatusConflict || bytes.Contains([]byte(body), []byte("127.0.0.1")) {
		t.Errorf("a name that is taken gives %d %s", status, body)
	}
	if status, body := newPublisher(t, h, newTrack(t, webrtc.MimeTypeVP8, "a"), newTrack(t, webrtc.MimeTypeVP8, "b")).post("live/z"); status/100 != 4 {
		t.Errorf("two pictures give %d %s", status, body)
	}
	if _, there := h.hub.Stream("live/z"); there {
		t.Error("a refused offer leaves its stream behind")
	}
}

func TestEveryEnd(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, h *house, p *publisher){
		"DELETE": func(t *testing.T, h *house, p *publisher) {
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, h.url+p.location, nil)
			response, err := http.DefaultClient.Do(request)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatal(response, err)
			}
			_ = response.Body.Close()
		},
		"close_notify": func(_ *testing.T, _ *house, p *publisher) { _ = p.pc.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, bus.Config{})
			p := newPublisher(t, h, newTrack(t, webrtc.MimeTypeVP8, "v"))
			p.publish("live/x")
			end(t, h, p)
			await(t, func() bool { _, there := h.hub.Stream("live/x"); return !there })
			newPublisher(t, h, newTrack(t, webrtc.MimeTypeVP8, "v")).publish("live/x")
		})
	}
}
