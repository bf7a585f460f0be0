package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// renditions publishes one picture in two sizes, with keyframes every 10 frames
// that are half a GOP apart, and reads it along.
type renditions struct {
	r         *rig
	high, low *av.Track
	cursor    *bus.Cursor
	frame     uint64
	read      []*av.Frame
}

func newRenditions(t *testing.T) *renditions {
	r := &rig{t: t, hub: bus.New(bus.Config{})}
	t.Cleanup(r.hub.Close)
	r.pub = publish(t, r.hub)
	high, low := avtest.H264Track(), avtest.H264Track()
	high.Rendition, low.Rendition = "h", "l"
	s := &renditions{r: r, high: r.pub.SetTrack(high), low: r.pub.SetTrack(low)}
	sub := subscribe(t, r.hub)
	sub.Follow(s.high.ID, 0)
	s.cursor = sub.Video()
	return s
}

// play writes so many pictures, and reads after each.
func (s *renditions) play(pictures int) {
	const interval = 40 * time.Millisecond
	for range pictures {
		for _, track := range []*av.Track{s.high, s.low} {
			offset, kind := uint64(0), av.Delta
			if track == s.low {
				offset = 5
			}
			if s.frame%10 == offset {
				kind = av.Key
			}
			s.r.pub.Write(avtest.Frame(track, kind, s.frame, time.Duration(s.frame)*interval, 1))
		}
		s.frame++
		s.read = append(s.read, drain(take(s.cursor))...)
		time.Sleep(interval)
	}
}

// check wants every picture once, each decodable after the one before.
func (s *renditions) check(t *testing.T) {
	t.Helper()
	for i, f := range s.read {
		if i == 0 {
			continue
		}
		before := s.read[i-1]
		if f.Track != before.Track && f.Type != av.Key {
			t.Errorf("the change to %s is at %s", f.Track.Rendition, avtest.Describe(f))
		}
		if step := f.PTS - before.PTS; f.Track == before.Track && step != 40*time.Millisecond || step < 0 || step > 40*time.Millisecond {
			t.Errorf("%s comes %v after the one before", avtest.Describe(f), step)
		}
	}
}

func TestSwitchIsAtAKeyframe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRenditions(t)
		s.play(12)
		s.cursor.Switch(s.low.ID)
		s.play(2)
		if s.cursor.Track() != s.high.ID {
			t.Error("it changed before there was a keyframe")
		}
		s.play(12)
		if s.cursor.Track() != s.low.ID {
			t.Error("it did not change at the keyframe")
		}
		s.cursor.Switch(s.high.ID)
		s.play(20)
		if s.cursor.Track() != s.high.ID {
			t.Error("it did not change back")
		}
		s.check(t)
	})
}

func TestSwitchCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRenditions(t)
		s.play(7)
		s.cursor.Switch(s.low.ID)
		s.play(2)
		s.cursor.Switch(s.high.ID)
		s.play(20)
		if s.cursor.Track() != s.high.ID {
			t.Error("it changed all the same")
		}
		s.check(t)
	})
}
