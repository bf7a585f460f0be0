package whep

import (
	"errors"
	"time"

	"millrace/transmux/bus"
	"millrace/transmux/rtc/sender"
)

// Ways hears of each viewer whether packets came from it; nil hears nothing. Its
// methods must not block.
type Ways interface {
	Connected(stream string)
	Unreachable(stream string)
}

// leastWait is how long a viewer must have waited for its packets to arrive: a page
// that is closed at once says nothing about the way.
const leastWait = 2 * time.Second

// strayed tells of a viewer that goes and no packet of which ever came, whoever lost
// patience first.
func (v *viewer) strayed(cause error) {
	w := v.room.observe.Ways
	if w == nil || errors.Is(cause, sender.ErrClosed) || errors.Is(cause, bus.ErrShutdown) {
		return
	}
	if v.endpoint.Milestones().Reached.IsZero() && time.Since(v.begun) >= leastWait {
		w.Unreachable(v.stream.Name())
	}
}

// arrived tells of one whose packets did.
func (v *viewer) arrived() {
	if w := v.room.observe.Ways; w != nil {
		w.Connected(v.stream.Name())
	}
}
