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
	source  *av.Track
	maker   maker
	derived *bus.Derived
	made    atomic.Uint64 // frames
}

func newLine(j *job, source *av.Track) (*line, error) {
	l := &line{job: j, source: source}
	m, err := j.recipe.open(source, l.emit)
	if err != nil {
		return nil, err
	}
	l.maker = m
	t := m.Track()
	t.DerivedFrom = source.ID
	l.derived = j.stream.Derive(t)
	return l, nil
}

// same says whether two descriptions of a track ask for the same maker.
func same(a, b *av.Track) bool {
	return a == b || a.ID == b.ID && slices.EqualFunc(a.Config, b.Config, bytes.Equal)
}

// write has the maker take a frame of the source.
func (l *line) write(f *av.Frame) error {
	begun := time.Now()
	made, trouble := l.made.Load(), l.maker.Trouble()
	err := l.maker.Write(f)
	l.job.count(l.made.Load()-made, l.maker.Trouble()-trouble, time.Since(begun))
	return err
}

// emit puts a frame that was made into the stream. One that is not taken is the
// last of a generation that is over; the catalog says so too.
func (l *line) emit(f *av.Frame) {
	f.Track = l.derived.Track()
	if l.derived.Write(f) {
		l.made.Add(1)
	}
}

func (l *line) close() {
	l.maker.Close()
	l.derived.Close()
}
