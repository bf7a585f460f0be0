package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// TestKeyframeRequests: whoever asks, the publisher hears it twice a second at most.
func TestKeyframeRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		s := r.pub.Stream()
		got := 0
		for range 1000 { // ten seconds
			s.RequestKeyframe()
			s.RequestKeyframe()
			if requested(r.pub) {
				got++
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got != 20 || r.hub.Totals().KeyframeRequests != 20 {
			t.Errorf("%d requests in ten seconds, %d counted", got, r.hub.Totals().KeyframeRequests)
		}
	})
}

// TestKeyframeRequestsUnread: a publisher that cannot ask holds one, for ever.
func TestKeyframeRequestsUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		for range 10 {
			r.pub.Stream().RequestKeyframe()
			time.Sleep(time.Second)
		}
		if !requested(r.pub) || requested(r.pub) || r.hub.Totals().KeyframeRequests != 1 {
			t.Errorf("%d requests counted", r.hub.Totals().KeyframeRequests)
		}
	})
}

// TestKeyframeRequestRepeated: a viewer who came while requests were held back,
// or whose request got lost, is not forgotten as long as it waits.
func TestKeyframeRequestRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{MaxFrames: 10})
		r.enc.GOP = 1 << 30
		r.play(time.Second)
		r.pub.Stream().RequestKeyframe()
		requested(r.pub)
		r.play(100 * time.Millisecond)
		sub := r.join()
		read := func(d time.Duration) (asked int) {
			for end := time.Now().Add(d); time.Now().Before(end); {
				r.play(20 * time.Millisecond)
				drain(sub.Poll)
				if requested(r.pub) {
					asked++
				}
			}
			return asked
		}
		if n := read(300 * time.Millisecond); n != 0 {
			t.Errorf("asked %d times within half a second", n)
		}
		if n := read(2 * time.Second); n != 4 {
			t.Errorf("asked %d times in two seconds of waiting", n)
		}
		key := r.enc.Next()
		for key.Track != r.video {
			key = r.enc.Next()
		}
		key.Type, r.next = av.Key, key
		if read(time.Second); read(2*time.Second) != 0 {
			t.Error("asked for more when it had one")
		}
		if sub.Video().Waiting() {
			t.Error("still waits")
		}
	})
}

// TestKeyframeRequestOfNewGeneration: the last publisher's pace is not the new one's.
func TestKeyframeRequestOfNewGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		sub := r.join()
		if !requested(r.pub) {
			t.Fatal("not asked on joining")
		}
		old := r.pub
		r.pub.Close()
		r.pub.Stream().RequestKeyframe()
		r.publish()
		sub.Follow(r.video.ID, r.audio.ID)
		if !requested(r.pub) || requested(old) {
			t.Error("the new publisher was not asked, or the old one was")
		}
	})
}
