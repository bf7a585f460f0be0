package derive

import (
	"bytes"
	"slices"
	"sync/atomic"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// line is one source track being made into one derived track.
type line struct {
	job     *job
	recipe  *recipe
	source  *av.Track
	maker   maker
	derived *bus.Derived  // of the maker's goroutine; nil before the first description
	own     atomic.Uint32 // its track's ID
	made    atomic.Uint64 // frames
	counted uint64        // of made
	trouble uint64        // of the maker's, counted
}

func newLine(j *job, rec *recipe, source *av.Track) (*line, error) {
	l := &line{job: j, recipe: rec, source: source}
	m, err := rec.open(opening{j.stream, source, l})
	if err != nil {
		return nil, err
	}
	l.maker = m
	return l, nil
}

// same says whether two descriptions of a track ask for the same maker.
func same(a, b *av.Track) bool {
	return a == b || a.ID == b.ID && a.Codec == b.Codec && slices.EqualFunc(a.Config, b.Config, bytes.Equal)
}

// write has the maker take a frame of the source.
func (l *line) write(f *av.Frame) error {
	begun := time.Now()
	err := l.maker.Write(f)
	made, trouble := l.made.Load(), l.maker.Trouble()
	l.job.count(l, made-l.counted, trouble-l.trouble, time.Since(begun))
	l.counted, l.trouble = made, trouble
	return err
}

// Announce puts the track into the stream's catalog, in the place of one that was
// described otherwise.
func (l *line) Announce(t av.Track) {
	if l.derived != nil {
		l.derived.Close()
	}
	t.DerivedFrom, t.Rendition = l.source.ID, l.source.Rendition
	l.derived = l.job.stream.Derive(t)
	l.own.Store(uint32(l.derived.Track().ID))
}

// Write puts a frame that was made into the stream. One that is not taken is the
// last of a generation that is over; the catalog says so too.
func (l *line) Write(f *av.Frame) {
	f.Track = l.derived.Track()
	if l.derived.Write(f) {
		l.made.Add(1)
	}
}

func (l *line) close() {
	l.maker.Close()
	if l.derived != nil {
		l.derived.Close()
	}
}
