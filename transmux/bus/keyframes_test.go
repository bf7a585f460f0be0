package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
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

// TestRestart: a reader that lost the picture goes back to the newest keyframe,
// and a newer one is asked for unless it has that one still before it.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		sub := subscribe(t, r.hub)
		sub.Video().Restart()
		sub.Follow(r.video.ID, r.audio.ID)
		r.play(2500 * time.Millisecond)
		drain(sub.Poll)
		requested(r.pub)
		time.Sleep(time.Second)
		sub.Audio().Restart()
		if requested(r.pub) || sub.Audio().Entries() != 2 { // once joined, once moved on
			t.Error("sound has no keyframes to go back to")
		}
		sub.Video().Restart()
		got := indexes(drain(take(sub.Video())))
		if len(got) != 16 || got[0] != 60 || !requested(r.pub) {
			t.Errorf("after a loss: %d", got)
		}
		r.next = nil
		time.Sleep(time.Second)
		key := avtest.Frame(r.video, av.Key, 76, 3*time.Second, 1)
		r.pub.Write(key)
		sub.Video().Restart()
		if sub.Video().Peek() != key || requested(r.pub) {
			t.Error("the newest keyframe was not read yet, and is the one to go to")
		}
	})
}

// TestKeyframeFreshened: who joins at an old keyframe has a new one asked for, where
// the publisher can make one, and jumps to it; who joins at a young one has not.
func TestKeyframeFreshened(t *testing.T) {
	for _, refreshes := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, bus.Config{})
			r.pub.Close()
			pub, err := r.hub.Publish(name, bus.PublisherInfo{Protocol: "test", Refreshes: refreshes})
			if err != nil {
				t.Fatal(err)
			}
			r.pub = pub
			r.video, r.audio = pub.SetTrack(avtest.H264Track()), pub.SetTrack(avtest.AACTrack())
			r.enc = &avtest.Encoder{Video: r.video, Audio: r.audio, Payloads: 1, Start: time.Now(), GOP: 1 << 30}
			r.play(1900 * time.Millisecond)
			r.join()
			if requested(pub) {
				t.Error("the keyframe was young")
			}
			r.play(time.Second)
			sub := r.join()
			if requested(pub) != refreshes {
				t.Fatalf("refreshes %v: asked %v", refreshes, !refreshes)
			}
			if f := sub.Video().Peek(); f == nil || f.Type != av.Key {
				t.Fatal("it does not begin at once")
			}
			sub.Video().Advance()
			if !refreshes {
				return
			}
			key := r.enc.Next()
			for key.Track != r.video {
				key = r.enc.Next()
			}
			key.Type, r.next = av.Key, key
			r.play(100 * time.Millisecond)
			if f := sub.Video().Peek(); f == nil || f.Type != av.Key || f != key {
				t.Error("it does not jump to the new one")
			}
			r.join()
			if requested(pub) {
				t.Error("the next one has it asked for again")
			}
		})
	}
}
