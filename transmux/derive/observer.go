package derive

import (
	"errors"

	"millrace/transmux/av"
)

// Observer is told what becomes of derived tracks, by those who make them: it must
// not wait for anything.
type Observer interface {
	Derived(c Change)
}

// The kinds of Change.
const (
	Started = "started" // its first frame has been made, or the first after it failed
	Failed  = "failed"  // it cannot be made, or broke off and is tried again
	Stopped = "stopped" // it is not made any more, nor tried
)

// Change is news of a derived track. After Started comes Failed or Stopped; after
// Failed comes Started, once it works, or Stopped.
type Change struct {
	What     string
	Stream   string
	From, To av.Codec
	By       string // "ffmpeg", or "the gateway" where no process is needed; empty while not known
	Cause    string // of Failed and Stopped
}

// String says what is made of what, and by whom.
func (c Change) String() string {
	text := name(c.To)
	if c.From != 0 {
		text += " from " + name(c.From)
	}
	if c.By != "" {
		text += ", by " + c.By
	}
	return text
}

// Why a track is not made any more, though its stream and a wish for it are there.
var (
	errNoSource = errors.New("the track that it was made of is gone")
	errUnneeded = errors.New("every viewer can take what the publisher sends")
)

// told is what the observer knows of the job's track.
type told struct {
	last string // What; empty while there is nothing to know
	by   string
}

// tell passes news on, unless it is none.
func (j *job) tell(what, cause string) {
	if j.told.last == what || what == Stopped && j.told.last == "" {
		return
	}
	if j.line != nil {
		j.told.by = j.line.recipe.by
	}
	c := Change{What: what, Stream: j.stream.Name(), To: j.target, By: j.told.by, Cause: cause}
	if j.source != nil {
		c.From = j.source.Codec
	}
	if j.told.last = what; what == Stopped {
		j.told = told{}
	}
	if j.room.cfg.Observer != nil {
		j.room.cfg.Observer.Derived(c)
	}
}

// idle tells why nothing is made now.
func (j *job) idle(tracks []*av.Track) {
	for _, t := range tracks {
		if t.DerivedFrom == 0 && t.Kind == j.target.Kind() {
			j.tell(Stopped, errUnneeded.Error())
			return
		}
	}
	j.tell(Stopped, errNoSource.Error())
}
