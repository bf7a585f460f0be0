package edge

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/av"
)

// come makes a frame with that number; every tenth is a keyframe.
func come(n uint64) *wire.Frame {
	f := &wire.Frame{Number: n, Entry: n == 0, AV: &av.Frame{}}
	if n%10 == 0 {
		f.AV.Type = av.Key
	}
	return f
}

// due takes all that is due.
func due(q *sequencer, now time.Time) (numbers []uint64) {
	for f := q.peek(now); f != nil; f = q.peek(now) {
		numbers = append(numbers, f.Number)
		q.take(now)
	}
	return numbers
}

func TestSequencerPutsInOrder(t *testing.T) {
	for seed := range uint64(50) {
		chance := rand.New(rand.NewPCG(seed, 1))
		numbers := make([]uint64, 200)
		for i := range numbers {
			numbers[i] = uint64(i)
		}
		for i := range numbers { // nothing is later than ten others
			j := min(i+chance.IntN(10), len(numbers)-1)
			numbers[i], numbers[j] = numbers[j], numbers[i]
		}
		q := newSequencer(seed%2 == 0)
		var got []uint64
		now := time.Unix(0, 0)
		for _, n := range numbers {
			q.push(come(n), now)
			q.push(come(n), now) // a second one is late, or the same
			got = append(got, due(q, now)...)
			now = now.Add(time.Millisecond)
		}
		if len(got) != len(numbers) || !slices.IsSorted(got) || q.lost != 0 {
			t.Fatalf("seed %d: %v", seed, got)
		}
	}
}

// TestSequencerGivesUp: pictures go on at a keyframe, sound with what there is.
func TestSequencerGivesUp(t *testing.T) {
	begun := time.Unix(100, 0)
	for _, tt := range []struct {
		name  string
		video bool
		come  []uint64
		after time.Duration
		want  []uint64
		lost  uint64
	}{
		{"sound waits", false, []uint64{0, 2, 3}, soundWait / 2, []uint64{0}, 0},
		{"sound goes on", false, []uint64{0, 2, 3}, soundWait, []uint64{0, 2, 3}, 1},
		{"pictures wait", true, []uint64{0, 2, 3}, pictureWait, []uint64{0}, 0},
		{"pictures with a newer keyframe", true, []uint64{0, 2, 10, 11}, pictureWait, []uint64{0, 10, 11}, 9},
		{"the newest of several", true, []uint64{0, 10, 20, 21}, pictureWait, []uint64{0, 20, 21}, 19},
		{"pictures without", true, []uint64{0, 2, 3}, patienceWait, []uint64{0}, 3},
		{"nothing came first", true, []uint64{1, 2}, patienceWait, nil, 0},
	} {
		q := newSequencer(tt.video)
		var got []uint64
		for _, n := range tt.come {
			q.push(come(n), begun)
			got = append(got, due(q, begun)...)
		}
		got = append(got, due(q, begun.Add(tt.after))...)
		if !slices.Equal(got, tt.want) || q.lost != tt.lost {
			t.Errorf("%s: %v, %d lost; want %v, %d", tt.name, got, q.lost, tt.want, tt.lost)
		}
	}
}

// TestSequencerEntry: what the parent has given up is not waited for.
func TestSequencerEntry(t *testing.T) {
	now := time.Unix(100, 0)
	q := newSequencer(true)
	for _, n := range []uint64{0, 1, 3} {
		q.push(come(n), now)
	}
	due(q, now)
	f := come(30)
	f.Entry = true
	q.push(come(31), now)
	q.push(f, now)
	if got := due(q, now); !slices.Equal(got, []uint64{30, 31}) || q.lost != 28 {
		t.Errorf("%v, %d lost", got, q.lost)
	}
	q.push(come(2), now)
	if len(q.waiting) != 0 {
		t.Errorf("%d wait", len(q.waiting))
	}
	for n := range uint64(3 * maxWaiting) { // a hole that is never filled
		q.push(come(40+n), now)
	}
	if len(q.waiting) > maxWaiting {
		t.Errorf("%d wait", len(q.waiting))
	}
}

// TestClock: the ping with the shortest way tells the difference.
func TestClock(t *testing.T) {
	var c clock
	const ahead = int64(time.Hour)
	now := time.Unix(1_700_000_000, 0).UnixNano()
	for i := range int64(40) {
		out, back := int64(20*time.Millisecond), int64(20*time.Millisecond)
		if i != 33 {
			out += i % 7 * int64(5*time.Millisecond) // asymmetric
		}
		c.add(now, now+out+ahead, now+out+back)
		now += int64(200 * time.Millisecond)
	}
	c.add(now, now, now-5) // the clock was set back meanwhile
	if got := c.local(now + ahead); got.UnixNano() != now {
		t.Errorf("off by %v", time.Duration(got.UnixNano()-now))
	}
	if s := c.best(); s.rtt != 40*time.Millisecond {
		t.Errorf("round trip %v", s.rtt)
	}
	if (&clock{}).local(5).UnixNano() != 5 {
		t.Error("without a ping the clocks are taken to agree")
	}
	var g gauge
	if g.median() != 0 {
		t.Error("a median of nothing")
	}
	for i := range 1000 {
		g.add(time.Duration(i))
	}
	if m := g.median(); m < 936 || m > 999 {
		t.Errorf("median %v", m)
	}
}
