package bus_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestHistory: a ring holds its newest GOP and some seconds before it.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{History: 500 * time.Millisecond})
		r.play(5900 * time.Millisecond) // keyframes at 0, 2 and 4 s
		if n := r.snapshot().RingFrames; n < 150 || n > 160 {
			t.Errorf("%d frames are kept of a GOP of 152 so far", n)
		}
		r.play(200 * time.Millisecond)
		if n := r.snapshot().RingFrames; n < 35 || n > 45 {
			t.Errorf("%d frames are kept of half a second", n)
		}
	})
}

// TestHistoryWithoutVideo: sound alone is kept for History.
func TestHistoryWithoutVideo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.enc.Video = nil
		r.play(10 * time.Second)
		if n := r.snapshot().RingFrames; n < 100 || n > 101 {
			t.Errorf("%d frames are kept of 2 s", n)
		}
	})
}

// TestVideoSwitchedOff: sound that goes on does not pile up behind the last GOP,
// and whoever joins then waits for a picture of now.
func TestVideoSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.play(3 * time.Second)
		requested(r.pub)
		r.next = nil
		for i := range uint64(50 * 60) {
			time.Sleep(20 * time.Millisecond)
			r.pub.Write(avtest.Frame(r.audio, av.Delta, i, 3*time.Second+time.Duration(i)*20*time.Millisecond, 1))
			switch n := r.snapshot().RingFrames; {
			case i == 50*9 && n < 50*9+30:
				t.Errorf("%d frames are left when video has paused for 9 s", n)
			case i > 50*11 && n > 101:
				t.Fatalf("%d frames are kept of 2 s of sound", n)
			}
		}
		sub := r.join()
		if f := sub.Video().Peek(); f != nil || !requested(r.pub) {
			t.Errorf("joined at %s", avtest.Describe(f))
		}
	})
}

// TestBounds: a GOP that outgrows either bound is let go from its beginning on.
// Viewers who are in it go on; who joins waits, and asks.
func TestBounds(t *testing.T) {
	frame := av.MaxPayload
	for _, cfg := range []bus.Config{
		{MaxFrames: 100}, {MaxFrames: 7}, {MaxFrames: 600}, {MaxBytes: 100 * frame},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, cfg)
			r.enc.GOP = 1000
			rec := avtest.Record(t, r.join(), nil)
			r.play(900 * time.Second / 30)
			snap := r.snapshot()
			if cfg.MaxFrames > 0 && snap.RingFrames > cfg.MaxFrames || cfg.MaxBytes > 0 && snap.RingBytes > cfg.MaxBytes {
				t.Errorf("%+v: %d frames of %d bytes", cfg, snap.RingFrames, snap.RingBytes)
			}
			late := r.join()
			if f := late.Video().Peek(); f != nil || !late.Video().Waiting() {
				t.Errorf("%+v: joined in the middle, at %s", cfg, avtest.Describe(f))
			}
			if !requested(r.pub) {
				t.Errorf("%+v: no keyframe was asked for", cfg)
			}
			r.play(101 * time.Second / 30)
			if f := late.Video().Peek(); f == nil || avtest.Index(f) != 1000 {
				t.Errorf("%+v: the keyframe did not come to who waited", cfg)
			}
			synctest.Wait()
			checkViewer(t, rec.Frames())
			if n := len(rec.Frames()); uint64(n) != r.snapshot().Frames {
				t.Errorf("%+v: %d of %d frames at the live edge", cfg, n, r.snapshot().Frames)
			}
		})
	}
}

// TestOneFrameOverMaxBytes: the newest frame is kept whatever its size.
func TestOneFrameOverMaxBytes(t *testing.T) {
	r := newRig(t, bus.Config{MaxBytes: 1000})
	for range 3 {
		r.pub.Write(avtest.Frame(r.video, av.Key, 0, 0, 10))
		sub := r.join()
		if f := sub.Poll(); f == nil {
			t.Fatal("it is not there to be read")
		}
		if snap := r.snapshot(); snap.RingFrames != 1 || snap.RingBytes != 10*av.MaxPayload {
			t.Fatalf("%d frames of %d bytes", snap.RingFrames, snap.RingBytes)
		}
	}
}

// TestGrowth: a ring that grows loses nothing for who is in its middle.
func TestGrowth(t *testing.T) {
	r := newRig(t, bus.Config{MaxFrames: 5000})
	r.enc.GOP, r.enc.Start = 5000, time.Time{}
	sub := r.join()
	var got []*av.Frame
	for i := range 5000 {
		r.pub.Write(r.enc.Next())
		if i%3 == 0 {
			got = append(got, sub.Poll())
		}
	}
	got = append(got, drain(sub.Poll)...)
	checkViewer(t, got)
	if len(got) != 5000 || slices.Contains(got, nil) {
		t.Errorf("%d frames of 5000", len(got))
	}
}

func requested(pub *bus.Publisher) bool {
	select {
	case <-pub.KeyframeRequests():
		return true
	default:
		return false
	}
}
