package pull

import (
	"context"
	"errors"
	"sync"
	"time"
)

// State is what a source is doing.
type State string

// The states of a source.
const (
	Idle       State = "idle"       // on demand, and nobody watches
	Connecting State = "connecting" // the puller is at work, and nothing has come yet
	Live       State = "live"
	Waiting    State = "waiting" // for the next attempt
)

// States are all of them.
var States = []State{Idle, Connecting, Live, Waiting}

// Status is what can be said of a source at one moment. It holds no secrets.
type Status struct {
	Name      string
	URL       string
	OnDemand  bool
	State     State
	Since     time.Time // when that began
	Next      time.Time // attempt, while Waiting
	LastError string    // why the last pull ended, however long ago
	Retries   int       // attempts since it was live for some time
	Viewers   int       // those who wait for it included
}

// The causes of a pull's end that are ours.
var (
	errUnwatched = errors.New("nobody watches")
	errEnded     = errors.New("the source ended the stream")
)

// feed is one source and its supervision: a goroutine for as long as Serve runs,
// which calls the puller while somebody wants it.
type feed struct {
	room *Room
	name string
	wake chan struct{} // there is news for who runs it

	mu        sync.Mutex
	source    Source
	redact    redactor
	gone      bool // from the configuration
	wanted    int  // viewers, and one more for a source that is always on
	goodbye   *time.Timer
	stop      context.CancelCauseFunc // ends the supervision; nil while idle
	closed    bool
	state     State
	since     time.Time
	next      time.Time
	lastError string
	failures  int // ever
	retries   int
	changed   chan struct{} // closed at the next change of what is above
	told      told
}

func newFeed(r *Room, s Source) *feed {
	f := &feed{
		room: r, name: s.Name, source: s, redact: newRedactor(s.URL),
		wake: make(chan struct{}, 1), state: Idle, since: time.Now(), changed: make(chan struct{}),
	}
	if !s.OnDemand {
		f.attend()
	}
	return f
}

// attend counts somebody who wants the source, and says how many attempts have
// failed until now.
func (f *feed) attend() (failures int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attendLocked()
	return f.failures
}

// attendLocked is attend for who holds mu.
func (f *feed) attendLocked() {
	f.wanted++
	if f.goodbye != nil {
		f.goodbye.Stop()
		f.goodbye = nil
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// leave is attend's end. The last one leaves the source running for a while.
func (f *feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaveLocked()
}

// abandon stops a source that nobody has come back to.
func (f *feed) abandon() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wanted == 0 && f.stop != nil {
		f.stop(errUnwatched)
	}
}

// run supervises the source whenever somebody wants it, until ctx ends or the
// source is gone.
func (f *feed) run(ctx context.Context, pullers map[string]Puller) {
	for ctx.Err() == nil && !f.look().gone {
		if demand, ok := f.begin(ctx); ok {
			f.supervise(demand, pullers)
			f.end(context.Cause(demand))
			continue
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	f.closed = true
	if f.goodbye != nil {
		f.goodbye.Stop()
	}
	f.setLocked(Idle)
	f.mu.Unlock()
}

// begin takes up a demand, if there is one.
func (f *feed) begin(ctx context.Context) (context.Context, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wanted == 0 || f.gone {
		return nil, false
	}
	ctx, f.stop = context.WithCancelCause(ctx)
	return ctx, true
}

func (f *feed) end(cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stop(errUnwatched)
	f.stop = nil
	f.retries, f.next = 0, time.Time{}
	f.setLocked(Idle)
	f.tellLocked(toldNothing, parting(cause))
}

// set changes the state; setLocked is for who holds mu.
func (f *feed) set(s State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setLocked(s)
}

func (f *feed) setLocked(s State) {
	if s != f.state {
		f.state, f.since = s, time.Now()
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// published notes that the puller has opened the gate.
func (f *feed) published() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setLocked(Live)
	f.tellLocked(toldUp, "")
}

// status is the feed for others to read.
func (f *feed) status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Status{
		Name: f.source.Name, URL: f.source.Redacted(), OnDemand: f.source.OnDemand,
		State: f.state, Since: f.since, Next: f.next,
		LastError: f.lastError, Retries: f.retries, Viewers: f.wanted,
	}
	if !f.source.OnDemand {
		s.Viewers--
	}
	return s
}
