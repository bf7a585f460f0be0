package bus_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func near(got, want, within float64) bool { return math.Abs(got-want) <= within*want }

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond) // begin within a second
		r := newRig(t, bus.Config{})
		r.enc.BFrames = true
		r.play(500 * time.Millisecond)
		if v := r.snapshot().Tracks[0]; v.FrameRate != 0 || v.KeyframeInterval != 500*time.Millisecond || v.Frames != 16 {
			t.Errorf("after half a second: %+v", v)
		}
		r.play(2 * time.Second)
		if v := r.snapshot().Tracks[0]; v.FrameRate != 30 {
			t.Errorf("after two seconds and a half: %v frames/s", v.FrameRate)
		}
		r.play(7600 * time.Millisecond)
		snap := r.snapshot()
		video, audio := snap.Tracks[0], snap.Tracks[1]
		if !near(video.FrameRate, 30, 0.02) || !near(audio.FrameRate, 50, 0.02) {
			t.Errorf("frame rates %v and %v", video.FrameRate, audio.FrameRate)
		}
		if want := 8.0 * av.MaxPayload * (29.5 + 0.5*4); !near(video.Bitrate, want, 0.03) || !near(audio.Bitrate, 50*8*200, 0.02) {
			t.Errorf("bitrates %v (want %v) and %v", video.Bitrate, want, audio.Bitrate)
		}
		if !near(video.BShare, 29.0/60, 0.05) || audio.BShare != 0 {
			t.Errorf("B share %v and %v", video.BShare, audio.BShare)
		}
		if video.KeyframeInterval != 2*time.Second || video.Keyframes != 6 || audio.KeyframeInterval != 0 {
			t.Errorf("keyframes: %d, every %v", video.Keyframes, video.KeyframeInterval)
		}
		if video.Track.ID != r.video.ID || !video.Track.Reordered || !audio.LastFrame.Equal(time.Now()) || snap.Bytes != video.Bytes+audio.Bytes {
			t.Errorf("snapshot: %+v", snap)
		}
		if gap := video.LongestGap; video.FrameRateLow < 29 || video.FrameRateHigh > 31 || gap < 30*time.Millisecond || gap > 40*time.Millisecond {
			t.Errorf("uneven: from %v to %v frames/s, a hole of %v", video.FrameRateLow, video.FrameRateHigh, gap)
		}
		for until := time.Now().Add(1500 * time.Millisecond); r.next == nil || r.next.Arrived.Before(until); r.next = r.enc.Next() {
			continue // lost on the way
		}
		r.play(3500 * time.Millisecond)
		if v := r.snapshot().Tracks[0]; v.FrameRateLow > 15 || v.LongestGap < 1500*time.Millisecond {
			t.Errorf("after a hole: %v frames/s at least, a hole of %v", v.FrameRateLow, v.LongestGap)
		}
		time.Sleep(10 * time.Second)
		if v := r.snapshot().Tracks[0]; v.FrameRate != 0 || v.FrameRateLow != 0 || v.Bitrate != 0 || v.BShare != 0 || v.KeyframeInterval < 10*time.Second {
			t.Errorf("after a silence: %+v", v)
		}
	})
}

// TestKeyframeIntervalOfOne is the age of the only keyframe there was.
func TestKeyframeIntervalOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.enc.GOP = 1 << 20
		if got := r.snapshot().Tracks[0].KeyframeInterval; got != 0 {
			t.Errorf("without a keyframe: %v", got)
		}
		r.play(20 * time.Second)
		if got := r.snapshot().Tracks[0].KeyframeInterval; got != 20*time.Second {
			t.Errorf("after 20 s: %v", got)
		}
	})
}

func TestStreams(t *testing.T) {
	hub := bus.New(bus.Config{})
	info := bus.PublisherInfo{Protocol: "rtmp", Remote: "192.0.2.1:5", Encoder: "x"}
	for _, name := range []string{"b", "a/z", "c", "a"} {
		pub, err := hub.Publish(name, info)
		if err != nil {
			t.Fatal(err)
		}
		pub.SetEncoder("obs")
	}
	var names []string
	for _, snap := range hub.Streams() {
		names = append(names, snap.Name)
		if snap.Publisher.Encoder != "obs" || snap.Publisher.Remote != info.Remote || !snap.Live || snap.Since.IsZero() {
			t.Errorf("%+v", snap)
		}
	}
	if !slices.Equal(names, []string{"a", "a/z", "b", "c"}) {
		t.Errorf("in this order: %q", names)
	}
	if _, ok := hub.Stream("d"); ok {
		t.Error("a stream that is not there")
	}
}

// TestCountersOfGeneration: the next publisher's tracks count from zero.
func TestCountersOfGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.join()
		r.play(time.Second)
		r.pub.Close()
		if snap := r.snapshot(); snap.Live || len(snap.Tracks) != 2 || snap.Viewers != 1 {
			t.Errorf("lingering: %+v", snap)
		}
		time.Sleep(time.Second)
		r.publish()
		r.pub.Write(avtest.Frame(r.video, av.Key, 0, 0, 1))
		snap := r.snapshot()
		if snap.Tracks[0].Frames != 1 || snap.Tracks[1].Frames != 0 || snap.Frames != 83 || !snap.Since.Equal(time.Now()) {
			t.Errorf("%+v", snap)
		}
	})
}
