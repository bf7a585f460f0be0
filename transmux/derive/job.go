package derive

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// reportEvery is how often a job logs the same trouble at most.
const reportEvery = time.Second

var errFickle = errors.New("derive: the source changes its configuration all the time")

// job makes one derived track of one stream, over all of its publishers. Its
// goroutine waits for a track to work on, works, and waits again.
type job struct {
	key
	room *Room
	log  *slog.Logger
	stop context.CancelCauseFunc
	poke chan struct{} // the wishes changed

	wishes wishes // guarded by room.mu

	// Of the job's goroutine:
	line     *line     // nil while there is nothing to make
	source   *av.Track // of the last line
	opened   bool      // there was something to make
	tried    []*recipe // those that cannot do triedOn, as it turned out
	triedOn  *av.Track
	refused  *av.Track // the track that a verdict was spoken on
	changes  int       // lines begun since changing
	changing time.Time
	frames   uint64
	trouble  uint64
	unsaid   uint64 // trouble since the last report
	reported map[string]time.Time
	told     told
}

func newJob(r *Room, k key, stop context.CancelCauseFunc) *job {
	return &job{
		key: k, room: r, stop: stop, poke: make(chan struct{}, 1), wishes: make(wishes), reported: make(map[string]time.Time),
		log: r.log.With("stream", k.stream.Name(), "to", k.target),
	}
}

func (j *job) nudge() {
	select {
	case j.poke <- struct{}{}:
	default:
	}
}

// run works until the job is stopped or the stream ends.
func (j *job) run(ctx context.Context) {
	begun := time.Now()
	if j.forBetter() {
		j.await(ctx, nil, headStart)
	}
	cause := j.supervise(ctx)
	j.tell(Stopped, cause.Error())
	j.acquit()
	if !j.opened {
		return // there was nothing to make, and so nothing to say
	}
	j.log.Info("derivation closed", "cause", cause, "duration", time.Since(begun).Round(time.Millisecond),
		"frames", j.frames, "trouble", j.trouble)
}

// forBetter says whether who wishes for the track has a lesser one to look at until
// it is there.
func (j *job) forBetter() bool {
	return j.target.Kind() == av.Video && slices.ContainsFunc(j.stream.Catalog().Tracks, func(t *av.Track) bool {
		return t.Codec == j.target
	})
}

// follow reads the stream at its live edge. It ends with the context, with the
// stream, or with the error of a maker that failed.
func (j *job) follow(ctx context.Context) error {
	tap := j.stream.Tap()
	defer tap.Close()
	defer j.drop()
	cursor := tap.Audio()
	if j.target.Kind() == av.Video {
		cursor = tap.Video()
	}
	var seen *bus.Catalog
	wished := true
	for {
		changed := j.stream.Announced() // all that matters while nothing is made
		if j.line != nil {
			changed = j.stream.Changed()
		}
		if err := j.stream.Err(); err != nil {
			return err
		}
		if c := j.stream.Catalog(); c != seen || wished {
			seen, wished = c, false
			idle := j.line == nil
			if err := j.review(tap, c); err != nil {
				return err
			}
			if idle != (j.line == nil) {
				continue // something else is to be waited for
			}
		}
		for f := cursor.Peek(); f != nil && ctx.Err() == nil; f = cursor.Peek() {
			cursor.Advance()
			if err := j.take(f); err != nil {
				return err
			}
		}
		var done <-chan struct{}
		if j.line != nil {
			done = j.line.maker.Done()
		}
		select {
		case <-changed:
		case <-j.poke:
			wished = true
		case <-done:
			return j.line.maker.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// review looks for the track to work on after the stream's catalog or the wishes
// changed.
func (j *job) review(tap *bus.Subscriber, c *bus.Catalog) error {
	source := j.pick(c.Tracks)
	if source == nil {
		j.drop()
		j.idle(c.Tracks)
		j.acquit()
		tap.Follow(0, 0)
		return nil
	}
	j.carryOver(source)
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
	err := j.line.write(f)
	if j.refused != nil && j.line.made.Load() > 0 {
		j.acquit() // it works after all
	}
	if j.told.last != Started && j.line.made.Load() > 0 {
		j.tell(Started, "")
	}
	return j.settle(f.Track, err)
}

// begin starts to make a track of the source, by the first recipe that can.
func (j *job) begin(source *av.Track) error {
	j.drop()
	if j.triedOn == nil || !same(j.triedOn, source) {
		j.tried, j.triedOn = nil, source
	}
	j.source = source
	rec, err := j.room.makes(j.target, j.stream.Name(), source, j.tried)
	if err != nil {
		return j.settle(source, err)
	}
	if now := time.Now(); now.Sub(j.changing) > time.Second {
		j.changes, j.changing = 0, now
	}
	if j.changes++; j.changes > rec.changes {
		return errFickle
	}
	line, err := newLine(j, rec, source)
	if err != nil {
		return j.next(rec, source, err)
	}
	if !j.opened {
		j.opened = true
		j.log.Info("derivation opened", "from", source.Codec)
	}
	j.line = line
	j.room.counters.active.Add(1)
	if j.refused != nil && !same(j.refused, source) {
		j.acquit()
	}
	return nil
}

// settle makes of a maker's refusal that the next recipe is tried. Any other error
// it returns.
func (j *job) settle(source *av.Track, err error) error {
	var no refusal
	switch {
	case !errors.As(err, &no):
		return err
	case j.line != nil:
		return j.next(j.line.recipe, source, err)
	}
	j.condemn(source, string(no))
	return nil
}

// next tries the recipes behind one that turned out not to do; after the last the
// verdict has its words.
func (j *job) next(rec *recipe, source *av.Track, err error) error {
	var no refusal
	if !errors.As(err, &no) {
		return err
	}
	j.drop()
	j.tried = append(j.tried, rec)
	if _, others := j.room.makes(j.target, j.stream.Name(), source, j.tried); others != nil {
		var more refusal
		if errors.As(others, &more) && more != "" {
			no += "; " + more
		}
		j.condemn(source, string(no))
		return nil
	}
	return j.begin(source)
}

// drop ends what is being made.
func (j *job) drop() {
	if j.line != nil {
		j.line.close()
		j.line = nil
		j.room.counters.active.Add(-1)
	}
}
