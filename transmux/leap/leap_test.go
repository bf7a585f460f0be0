package leap

import (
	"testing"
	"time"
)

// frame is how far one is from the frame before it, by its timestamp and by the wall.
type frame struct{ media, wall time.Duration }

// TestJumped: what a line and an encoder do to each other is no jump, a clock that
// begins anew is one, once, and what comes after it fits again.
func TestJumped(t *testing.T) {
	const rate = 90000
	second, frameTime := time.Second, 40*time.Millisecond
	steady := frame{frameTime, frameTime}
	for name, tc := range map[string]struct {
		frames []frame
		jumps  int
	}{
		"steady":                                      {[]frame{steady, steady, steady}, 0},
		"out of order":                                {[]frame{{5 * frameTime, frameTime}, {-4 * frameTime, frameTime}, steady}, 0},
		"a line that stalls":                          {[]frame{{frameTime, 30 * second}, {frameTime, 0}, {29 * second, 0}, steady}, 0},
		"a line that stalls, and what it cost":        {[]frame{{frameTime, 30 * second}, {30 * second, frameTime}, steady}, 0},
		"muted for a minute":                          {[]frame{{time.Minute, time.Minute}, steady}, 0},
		"a clock that runs fast, for long":            {fast(3000), 0},
		"a clock that runs slowly, for long":          {slow(3000), 0},
		"back to the beginning":                       {[]frame{steady, {-time.Minute, frameTime}, steady, steady}, 1},
		"back by two seconds":                         {[]frame{{2 * second, 2 * second}, {-2 * second, frameTime}, steady}, 1},
		"far ahead":                                   {[]frame{steady, {time.Hour, frameTime}, steady}, 1},
		"back after a stall":                          {[]frame{steady, {-time.Hour, 30 * second}, steady}, 1},
		"ahead and back":                              {[]frame{{time.Minute, frameTime}, steady, {-time.Minute, frameTime}, steady}, 2},
		"a loop of ten seconds, played ten times":     {loop(10), 10},
		"a long way ahead, as far as numbers go":      {[]frame{{5 * time.Hour, frameTime}, steady}, 1},
		"all that nobody has waited for, in one go":   {[]frame{{5 * second, 0}, steady}, 0},
		"the wall clock of this machine went back":    {[]frame{{frameTime, -time.Hour}, steady}, 0},
		"what came late is late, and what follows it": {[]frame{{frameTime, 8 * second}, steady, steady}, 0},
	} {
		var track Track
		at, timestamp, jumps := time.Now(), uint32(1<<32-3), 0 // over the wrap soon
		if track.Jumped(timestamp, rate, at) {
			t.Errorf("%s: the first frame jumped", name)
		}
		for _, f := range tc.frames {
			at = at.Add(f.wall)
			timestamp += uint32(int64(f.media) * rate / int64(time.Second))
			if track.Jumped(timestamp, rate, at) {
				jumps++
			}
		}
		if jumps != tc.jumps {
			t.Errorf("%s: %d jumps, want %d", name, jumps, tc.jumps)
		}
		track.Restart()
		if track.Jumped(timestamp+1<<30, 48000, at) {
			t.Errorf("%s: another source jumped", name)
		}
	}
	if new(Track).Jumped(1, 0, time.Now()) {
		t.Error("without a rate")
	}
}

func fast(n int) (all []frame) {
	for range n {
		all = append(all, frame{1010 * time.Millisecond, time.Second})
	}
	return all
}

func slow(n int) (all []frame) {
	for range n {
		all = append(all, frame{990 * time.Millisecond, time.Second})
	}
	return all
}

func loop(n int) (all []frame) {
	for range n {
		for range 10 {
			all = append(all, frame{time.Second, time.Second})
		}
		all = append(all, frame{-10 * time.Second, 40 * time.Millisecond})
	}
	return all
}
