package derive

import (
	"time"

	"millrace/transmux/av"
)

// pick is the track of the stream to make the target of: nil if there is none, or if
// every viewer is served without.
func (j *job) pick(tracks []*av.Track) *av.Track {
	var own av.TrackID
	if j.line != nil {
		own = av.TrackID(j.line.own.Load())
	}
	needed := false
	j.room.mu.Lock()
	for o := range j.wishes {
		needed = needed || !o.served(j.target.Kind(), tracks, own)
	}
	j.room.mu.Unlock()
	if !needed {
		return nil
	}
	var found *av.Track
	var can bool
	for _, t := range tracks {
		if t.Kind != j.target.Kind() || t.DerivedFrom != 0 {
			continue
		}
		_, err := j.room.makes(j.target, j.stream.Name(), t, nil)
		if found == nil || err == nil && (!can || larger(t, found)) {
			found, can = t, err == nil
		}
	}
	return found
}

// larger is about pictures; of sounds the first is taken.
func larger(t, than *av.Track) bool { return t.Width*t.Height > than.Width*than.Height }

// hopeless says whether the verdict on this source has been spoken, for good.
func (j *job) hopeless(source *av.Track) bool {
	if j.refused == nil || j.triedOn == nil || j.line != nil || !same(j.refused, source) || !same(j.triedOn, source) {
		return false
	}
	_, err := j.room.makes(j.target, j.stream.Name(), source, j.tried)
	return err != nil
}

// carryOver keeps the verdict with a source that was described anew, but the same.
func (j *job) carryOver(source *av.Track) {
	if j.refused != nil && j.refused != source && same(j.refused, source) {
		j.room.verdicts.move(j.refused, source)
		j.refused = source
	}
}

// condemn speaks the verdict on a source; it stands until acquit.
func (j *job) condemn(source *av.Track, words string) {
	if source == nil {
		return
	}
	if j.refused != nil && j.refused != source {
		j.room.verdicts.drop(j.refused)
	}
	j.refused = source
	if j.room.verdicts.set(source, words) {
		j.warn("track cannot be derived", "why", words)
		j.tell(Failed, words)
	}
}

// acquit takes the verdict back.
func (j *job) acquit() {
	if j.refused != nil {
		j.room.verdicts.drop(j.refused)
		j.refused = nil
	}
}

// count keeps the books after a frame of the source: made frames, the maker's
// trouble, and the time it took.
func (j *job) count(l *line, frames, trouble uint64, took time.Duration) {
	c := &j.room.counters
	c.frames.Add(frames)
	c.trouble.Add(trouble)
	c.busy.Add(int64(took))
	j.frames += frames
	j.trouble += trouble
	j.unsaid += trouble
	if j.unsaid > 0 && j.warn(l.recipe.trouble, "units", j.unsaid) {
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
