package rtmp

import (
	"cmp"
	"slices"
	"time"

	"millrace/transmux/av"
)

// trackKey tells a publisher's tracks apart: by kind, and by their number in it.
type trackKey struct {
	kind   av.Kind
	number uint8
}

// defaultPatience is how long a further track of a kind waits for the default one,
// number 0, to be announced before it. Encoders announce all they have at once; a
// publisher may well have none of that number.
const defaultPatience = time.Second

// latecomers are the tracks that wait, so that the default track of a kind is the
// first of the stream's: who cannot choose takes that. Their frames until then are
// nobody's.
type latecomers struct {
	waiting []latecomer
}

type latecomer struct {
	key   trackKey
	track *av.Track
	since time.Time
}

// hold lets the description wait if it must. It reports whether it does.
func (l *latecomers) hold(r *mediaReader, key trackKey, t *av.Track, now time.Time) bool {
	first := trackKey{kind: key.kind}
	if key == first || r.tracks[key] != nil || r.tracks[first] != nil {
		return false
	}
	for i := range l.waiting {
		if l.waiting[i].key == key {
			l.waiting[i].track = t
			return true
		}
	}
	l.waiting = append(l.waiting, latecomer{key, t, now})
	return true
}

// release announces those whose wait is over, in the order of their numbers.
func (l *latecomers) release(r *mediaReader, now time.Time) {
	if len(l.waiting) == 0 {
		return
	}
	var due []latecomer
	l.waiting = slices.DeleteFunc(l.waiting, func(w latecomer) bool {
		over := r.tracks[trackKey{kind: w.key.kind}] != nil || now.Sub(w.since) >= defaultPatience
		if over {
			due = append(due, w)
		}
		return over
	})
	slices.SortFunc(due, func(a, b latecomer) int { return cmp.Compare(a.key.number, b.key.number) })
	for _, w := range due {
		r.describe(w.key, w.track)
	}
}
