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
	job        *job
	source     *av.Track
	generation uint32
	maker      maker
	derived    *bus.Derived
	made       atomic.Uint64 // frames of this line
	over       atomic.Bool   // the bus takes no more
}

func newLine(j *job, source *av.Track) (*line, error) {
	l := &line{job: j, source: source, generation: j.stream.Catalog().Generation}
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

// serves says whether the line goes on after the catalog changed. A new description
// of the same track is left to the first frame that has it.
func (l *line) serves(source *av.Track, c *bus.Catalog) bool {
	return !l.over.Load() && l.generation == c.Generation && l.source.ID == source.ID
}

// suits says whether the line's maker is right for a frame of this track.
func (l *line) suits(t *av.Track) bool {
	return same(l.source, t)
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

// emit puts a frame that was made into the stream.
func (l *line) emit(f *av.Frame) {
	f.Track = l.derived.Track()
	if !l.derived.Write(f) {
		l.over.Store(true)
		return
	}
	l.made.Add(1)
}

func (l *line) close() {
	l.maker.Close()
	l.derived.Close()
}
