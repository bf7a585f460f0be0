package derive

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

const (
	// A maker that fails is replaced after firstBackoff, then after twice as
	// long each time up to maxBackoff; one that worked for steady starts over.
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
	steady       = 10 * time.Second
	// reportEvery is how often a job logs the same trouble at most.
	reportEvery = time.Second
	// maxChanges is how many configurations a source may have within a second: a
	// maker costs a millisecond, and a publisher can change its mind with every frame.
	maxChanges = 10
)

var errFickle = errors.New("derive: the source changes its configuration all the time")

// job makes one derived track of one stream, over all of its publishers. Its
// goroutine waits for a track to work on, works, and waits again.
type job struct {
	key
	room *Room
	log  *slog.Logger
	stop context.CancelCauseFunc

	// Guarded by room.mu:
	wishes int
	linger *time.Timer // nil until first needed

	// Of the job's goroutine:
	line     *line     // nil while there is nothing to make
	opened   bool      // there was something to make
	refused  *av.Track // the track that a verdict was spoken on
	changes  int       // lines begun since changing
	changing time.Time
	frames   uint64
	corrupt  uint64
	unsaid   uint64 // corrupt units since the last report
	reported map[string]time.Time
}

func newJob(r *Room, k key, stop context.CancelCauseFunc) *job {
	return &job{
		key: k, room: r, stop: stop, reported: make(map[string]time.Time),
		log: r.log.With("stream", k.stream.Name(), "from", k.recipe.from, "to", k.recipe.to),
	}
}

// run works until the job is stopped or the stream ends.
func (j *job) run(ctx context.Context) {
	begun := time.Now()
	cause := j.supervise(ctx)
	if !j.opened {
		return // there was nothing to make, and so nothing to say
	}
	j.log.Info("derivation closed", "cause", cause, "duration", time.Since(begun).Round(time.Millisecond),
		"frames", j.frames, "corrupt", j.corrupt)
}

// supervise replaces what fails, with growing pauses, until there is a cause to end.
func (j *job) supervise(ctx context.Context) (cause error) {
	backoff := firstBackoff
	for {
		begun := time.Now()
		err := j.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case j.stream.Err() != nil:
			return j.stream.Err()
		}
		j.room.counters.restarts.Add(1)
		if time.Since(begun) >= steady {
			backoff = firstBackoff
		}
		j.warn("derivation failed and starts anew", "cause", err, "pause", backoff)
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// follow reads the stream at its live edge. It ends with the context, with the
// stream, or with the error of a maker that failed.
func (j *job) follow(ctx context.Context) error {
	tap := j.stream.Tap()
	defer tap.Close()
	defer j.drop()
	cursor := tap.Audio()
	if j.recipe.from.Kind() == av.Video {
		cursor = tap.Video()
	}
	var seen *bus.Catalog
	for {
		changed := j.stream.Changed()
		if err := j.stream.Err(); err != nil {
			return err
		}
		if c := j.stream.Catalog(); c != seen {
			seen = c
			if err := j.review(tap, c); err != nil {
				return err
			}
		}
		for f := cursor.Peek(); f != nil && ctx.Err() == nil; f = cursor.Peek() {
			cursor.Advance()
			if err := j.take(f); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// review looks for the track to work on after the stream's catalog changed.
func (j *job) review(tap *bus.Subscriber, c *bus.Catalog) error {
	source := j.recipe.source(c.Tracks)
	if source == nil {
		j.drop()
		tap.Follow(0, 0)
		return nil
	}
	if source.Kind == av.Video {
		tap.Follow(source.ID, 0)
	} else {
		tap.Follow(0, source.ID)
	}
	if j.line != nil && j.line.source.ID == source.ID || j.hopeless(source) {
		return nil // a new description is left to the first frame that has it
	}
	return j.begin(source)
}

// hopeless says whether the verdict on this source has been spoken.
func (j *job) hopeless(source *av.Track) bool {
	if j.refused == nil || !same(j.refused, source) {
		return false
	}
	if j.refused != source { // described anew, but the same
		j.room.verdicts.move(j.refused, source)
		j.refused = source
	}
	return true
}

// take hands one frame of the source to the maker. Its track tells a new
// configuration at exactly the frame from which it holds.
func (j *job) take(f *av.Frame) error {
	if j.line == nil || !same(j.line.source, f.Track) {
		if j.hopeless(f.Track) {
			return nil
		}
		if err := j.begin(f.Track); err != nil || j.line == nil {
			return err
		}
	}
	return j.settle(f.Track, j.line.write(f))
}

// begin starts to make a track of the source.
func (j *job) begin(source *av.Track) error {
	j.drop()
	if now := time.Now(); now.Sub(j.changing) > time.Second {
		j.changes, j.changing = 0, now
	}
	if j.changes++; j.changes > maxChanges {
		return errFickle
	}
	line, err := newLine(j, source)
	if err == nil {
		if !j.opened {
			j.opened = true
			j.log.Info("derivation opened")
		}
		j.line = line
		j.room.counters.active.Add(1)
	}
	return j.settle(source, err)
}

// settle speaks the verdict on a source that was refused; nothing but another
// source is to be waited for then. Any other error it returns.
func (j *job) settle(source *av.Track, err error) error {
	var no refusal
	if !errors.As(err, &no) {
		return err
	}
	j.drop()
	j.refused = source
	j.room.verdicts.set(source, string(no))
	j.warn("track cannot be derived", "why", string(no))
	return nil
}

// drop ends what is being made.
func (j *job) drop() {
	if j.refused != nil {
		j.room.verdicts.drop(j.refused)
		j.refused = nil
	}
	if j.line != nil {
		j.line.close()
		j.line = nil
		j.room.counters.active.Add(-1)
	}
}

// count keeps the books after a frame of the source: made frames, the source's bad
// units, and the time it took.
func (j *job) count(frames, corrupt uint64, took time.Duration) {
	c := &j.room.counters
	c.frames.Add(frames)
	c.corrupt.Add(corrupt)
	c.busy.Add(int64(took))
	j.frames += frames
	j.corrupt += corrupt
	j.unsaid += corrupt
	if j.unsaid > 0 && j.warn("source is corrupt", "units", j.unsaid) {
		j.unsaid = 0
	}
}

// warn logs trouble unless it did within reportEvery, and says whether it did now.
func (j *job) warn(what string, args ...any) bool {
	now := time.Now()
	if now.Sub(j.reported[what]) < reportEvery {
		return false
	}
	j.reported[what] = now
	j.log.Warn(what, args...)
	return true
}
