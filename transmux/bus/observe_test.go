package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// figures are what an Observer has taken.
type figures []float64

func (f *figures) Observe(seconds float64) { *f = append(*f, seconds) }

func TestFramesAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var received, gop figures
		h := bus.New(bus.Config{})
		h.Observe(bus.Observers{Received: &received, GOP: &gop})
		p := publish(t, h)
		video, audio := p.SetTrack(avtest.H264Track()), p.SetTrack(avtest.AACTrack())
		enc := &avtest.Encoder{Video: video, Audio: audio, Payloads: 1, Start: time.Now()}
		const late = 3 * time.Millisecond
		frames, keys := 0, 0
		for f := enc.Next(); f.Arrived.Sub(enc.Start) < 10*time.Second; f = enc.Next() {
			time.Sleep(time.Until(f.Arrived.Add(late)))
			if f.Track == video && len(f.Payloads) > 0 && f.Type == av.Key {
				keys++
			}
			frames++
			p.Write(f)
		}
		if len(received) != frames || len(gop) != keys-1 || keys < 3 {
			t.Fatalf("%d of %d frames and %d keyframes of %d were measured", len(received), frames, len(gop), keys)
		}
		for _, s := range received {
			if s < late.Seconds() || s > 1 {
				t.Fatalf("a frame took %v s", s)
			}
		}
		if s := p.Stream().Newest(); s == nil || gop[0] <= 0 || gop[0] > 10 {
			t.Errorf("newest %v, keyframes %v s apart", s, gop[0])
		}
		p.Close()
		h.Close()
	})
}
