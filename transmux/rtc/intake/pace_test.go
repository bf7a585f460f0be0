package intake

import (
	"testing"
	"time"
)

// TestPaceOnAGoodLine: nothing is held, whatever the jitter, and one loss alone
// changes nothing.
func TestPaceOnAGoodLine(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	for i := range 300 {
		if hold := p.at(now, time.Duration(i%7)*10*time.Millisecond); hold != 0 {
			t.Fatalf("holds for %v", hold)
		}
		if i%100 == 0 {
			p.miss(1, now, 60*time.Millisecond)
		}
		now = now.Add(33 * time.Millisecond)
	}
}

func TestPaceOnABadLine(t *testing.T) {
	const trip, frame = 60 * time.Millisecond, 33 * time.Millisecond
	var p pace
	now := time.Unix(1000, 0)
	var hold time.Duration
	lossy := func(d, late time.Duration) {
		for end := now.Add(d); now.Before(end); now = now.Add(frame) {
			p.miss(1, now, trip)
			hold = p.at(now, late)
		}
	}
	lossy(time.Second, 70*time.Millisecond)
	if hold != trip+paceMargin {
		t.Errorf("on a line that loses it holds for %v", hold)
	}
	lossy(frame, 150*time.Millisecond)
	if hold != 150*time.Millisecond {
		t.Errorf("for a frame that is later it holds for %v", hold)
	}
	lossy(2*time.Second, 70*time.Millisecond)
	if hold > trip+paceMargin+20*time.Millisecond {
		t.Errorf("what was needed once is still held: %v", hold)
	}
	lossy(frame, time.Minute)
	if hold != trip+paceMargin+trip {
		t.Errorf("for one that is much later it holds for %v", hold)
	}
	// Two seconds after the loss nothing is held any more, and it went gently.
	for end := now.Add(2 * time.Second); now.Before(end); now = now.Add(frame) {
		before := hold
		if hold = p.at(now, 0); before-hold > frame/5 {
			t.Fatalf("from %v to %v at once", before, hold)
		}
	}
	if hold != 0 {
		t.Errorf("two seconds after the loss it holds for %v", hold)
	}
}

// TestPaceAndAWrongRoundTrip: one measured while somebody was busy does not count.
func TestPaceAndAWrongRoundTrip(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	for _, tt := range []struct{ trip, need time.Duration }{{60, 60}, {500, 60}, {61, 61}, {61, 61}, {90, 61}, {91, 90}} {
		p.miss(1, now, tt.trip*time.Millisecond)
		if want := tt.need*time.Millisecond + paceMargin; p.need != want {
			t.Errorf("after %d ms it needs %v, want %v", tt.trip, p.need, want)
		}
	}
}

func TestPunctual(t *testing.T) {
	var p punctual
	begun := time.Unix(1000, 0)
	const frame = 40 * time.Millisecond
	for i := range 1000 {
		dts := time.Duration(i) * frame
		late := time.Duration(0)
		if i%3 == 1 {
			late = 80 * time.Millisecond
		}
		now := begun.Add(dts + late)
		due := p.due(dts, now)
		if got := now.Sub(due); got > late || late-got > time.Millisecond {
			t.Fatalf("frame %d is late by %v, not %v", i, got, late)
		}
	}
	// A way that has become longer is the way, after a while.
	for i := range 1000 {
		dts := time.Duration(1000+i) * frame
		now := begun.Add(dts + 100*time.Millisecond)
		if got := now.Sub(p.due(dts, now)); i == 999 && got > 0 {
			t.Errorf("still late by %v", got)
		}
	}
}
