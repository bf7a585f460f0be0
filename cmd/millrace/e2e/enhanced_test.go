package e2e

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"millrace/transmux/avtest/ertmp"
	"millrace/transmux/rtc/peer"
)

// publishEnhanced plays one of avtest/ertmp's clips in real time until the test
// ends, over the raw client.
func (g *gateway) publishEnhanced(clip, name string) {
	g.t.Helper()
	c, err := dialRTMP(g.t.Context(), g.rtmp)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := c.publish(name); err != nil {
		g.t.Fatal(err)
	}
	messages := ertmp.Clips()[clip]
	const length = 2 * time.Second
	done := make(chan struct{})
	g.t.Cleanup(func() {
		c.Close()
		<-done
		<-c.gone
	})
	go func() {
		defer close(done)
		start := time.Now()
		for loop := time.Duration(0); ; loop += length {
			for _, m := range messages {
				at := loop + m.At
				select {
				case <-time.After(time.Until(start.Add(at))):
				case <-c.gone:
					return
				}
				kind, chunkStream := byte(8), byte(4)
				if m.Video {
					kind, chunkStream = 9, 6
				}
				if c.send(chunkStream, kind, c.stream, uint32(at.Milliseconds()), m.Body) != nil {
					return
				}
			}
		}
	}()
}

// TestEnhancedRTMP: what comes by FourCC is there under its name, and Opus goes
// out as it came in.
func TestEnhancedRTMP(t *testing.T) {
	t.Parallel()
	g := start(t)
	for clip, want := range map[string][]string{
		"hevc":   {"AAC", "H265"},
		"av1":    {"AV1", "opus"},
		"vp9":    {"VP9", "opus"},
		"ladder": {"AAC", "H264", "H264", "opus"},
	} {
		g.publishEnhanced(clip, "live/"+clip)
		var s streamInfo
		var got []string
		if err := poll(t.Context(), patience, func() bool {
			s, _ = g.stream("live/" + clip)
			got = got[:0]
			for _, k := range s.Tracks {
				if k.DerivedFrom == 0 && k.Frames > 0 {
					got = append(got, k.Codec)
				}
			}
			slices.Sort(got)
			return slices.Equal(got, want)
		}); err != nil {
			t.Errorf("%s: %v, want %v", clip, got, want)
		}
		for _, k := range s.Tracks {
			if k.Playable != "pass" && k.Note == "" {
				t.Errorf("%s: %s is %q and nothing is said of it", clip, k.Codec, k.Playable)
			}
		}
	}
	for _, clip := range []string{"av1", "vp9"} {
		r := g.watchSound("live/" + clip)
		if err := poll(t.Context(), patience, func() bool { return len(r.audio()) >= 25 }); err != nil {
			t.Fatalf("%s: %d packets of sound came", clip, len(r.audio()))
		}
		sent := ertmp.Opus()
		for _, packet := range r.audio() {
			if !slices.ContainsFunc(sent, func(p []byte) bool { return bytes.Equal(p, packet.payload) }) {
				t.Fatalf("%s: a packet of %d bytes that was never sent", clip, len(packet.payload))
			}
		}
	}
}

// TestEnhancedHEVC: viewers that do not take HEVC get H.264 made of it, with the
// sound that belongs to it.
func TestEnhancedHEVC(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publishEnhanced("hevc", "live/hevc")
	g.waitLive("live/hevc")
	r := g.watch(withDeadline(t, patience), "live/hevc")
	r.more(t, 20)
	if err := poll(t.Context(), patience, func() bool { return len(r.audio()) > 20 }); err != nil {
		t.Errorf("%d packets of sound came", len(r.audio()))
	}
}

// watchSound joins a stream for its sound only.
func (g *gateway) watchSound(name string) *recorder {
	g.t.Helper()
	r := &recorder{}
	o := g.options()
	o.NoVideo = true
	o.OnPacket = func(p peer.Packet) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sounds = append(r.sounds, sound{p.RTP.Timestamp, slices.Clone(p.RTP.Payload), p.Arrived})
	}
	v, err := peer.Watch(withDeadline(g.t, patience), g.whep(name), o)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Viewer = v
	g.t.Cleanup(func() { r.leave(g.t) })
	return r
}
