package whep

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"millrace/transmux/problem"
	"millrace/transmux/rtc/resource"
)

const (
	// maxListeners bounds the event streams of one session: a player needs one,
	// and one more while it makes it anew.
	maxListeners = 4
	// maxJSON bounds what extensions are sent.
	maxJSON = 4 << 10
	// heartbeat is between the comments that keep proxies from closing a quiet
	// stream, and find out that nobody listens any more.
	heartbeat = 15 * time.Second
	// eventTimeout is how long a listener may take to take what it is told.
	eventTimeout = 10 * time.Second
)

// audience are the event streams of one session.
type audience struct {
	news atomic.Pointer[news]
	any  atomic.Bool // somebody subscribed

	mu        sync.Mutex
	listeners map[string]*listener
	over      bool   // the session is
	moved     bool   // and the player is to begin a new one
	elsewhere string // where it is to begin it, while this one still goes on
}

// listener is one event stream, whether somebody reads it now or not.
type listener struct {
	events uint8
	wake   chan struct{}
	// Of the GET that reads it now; guarded by audience.mu.
	cancel context.CancelFunc
	done   chan struct{}
	told   told // by that GET's goroutine
}

// tell spreads the news.
func (a *audience) tell(n *news) {
	a.news.Store(n)
	if a.any.Load() {
		a.wake()
	}
}

func (a *audience) wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range a.listeners {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// close ends all streams, with a last word for those who may come back.
func (a *audience) close(moved bool) {
	a.mu.Lock()
	a.over, a.moved = true, moved
	a.mu.Unlock()
	a.wake()
}

// move asks the player to go elsewhere; its session goes on until it has done so.
func (a *audience) move(url string) {
	a.mu.Lock()
	a.elsewhere = url
	a.mu.Unlock()
	a.wake()
}

// destination is where the player was asked to go, "" for nowhere.
func (a *audience) destination() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.elsewhere
}

// ended tells whether the session is over, and whether to begin another one.
func (a *audience) ended() (over, moved bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.over, a.moved
}

// subscribe makes an event stream.
func (a *audience) subscribe(w http.ResponseWriter, r *http.Request, path string) {
	var raw []byte
	if r.ContentLength != 0 {
		var err error
		if raw, err = resource.Body(r, "application/json", maxJSON); err != nil {
			resource.Fail(w, err)
			return
		}
	}
	events, err := parseEvents(raw)
	if err != nil {
		resource.Fail(w, problem.New(http.StatusBadRequest, "The subscription cannot be read: "+err.Error()+"."))
		return
	}
	id := rand.Text()
	if !a.add(id, events) {
		resource.Fail(w, problem.New(http.StatusTooManyRequests, "This session has as many event streams as it may: DELETE one of them."))
		return
	}
	w.Header().Set("Location", path+"/"+id)
	w.WriteHeader(http.StatusCreated)
}

func (a *audience) add(id string, events uint8) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.listeners) >= maxListeners || a.over {
		return false
	}
	if a.listeners == nil {
		a.listeners = make(map[string]*listener)
	}
	a.listeners[id] = &listener{events: events, wake: make(chan struct{}, 1)}
	a.any.Store(true)
	return true
}

// unsubscribe ends an event stream; who asks for it later finds nothing.
func (a *audience) unsubscribe(w http.ResponseWriter, id string) {
	a.mu.Lock()
	l := a.listeners[id]
	delete(a.listeners, id)
	a.any.Store(len(a.listeners) > 0)
	if l != nil && l.cancel != nil {
		l.cancel()
	}
	a.mu.Unlock()
	if l == nil {
		resource.Fail(w, errNoEvents())
		return
	}
	w.WriteHeader(http.StatusOK)
}

func errNoEvents() error {
	return problem.New(http.StatusNotFound, "This event stream is over or never was. POST to the session's "+eventsPath+" for a new one.")
}

// attend gives the stream to the request that reads it from now on, once the one
// before has let go: a player that reconnects knows better than we whether that
// is alive. release is nil if there is no such stream.
func (a *audience) attend(r *http.Request, id string) (l *listener, ctx context.Context, release func()) {
	ctx, cancel := context.WithCancel(r.Context())
	done := make(chan struct{})
	a.mu.Lock()
	l = a.listeners[id]
	if l == nil {
		a.mu.Unlock()
		cancel()
		return nil, nil, nil
	}
	before := l.done
	if l.cancel != nil {
		l.cancel()
	}
	l.cancel, l.done = cancel, done
	a.mu.Unlock()
	if before != nil {
		<-before
	}
	return l, ctx, func() { cancel(); close(done) }
}

// listen answers with the stream's events until the player leaves, or the session
// is over.
func (v *viewer) listen(w http.ResponseWriter, r *http.Request, id string) {
	l, ctx, release := v.audience.attend(r, id)
	if release == nil {
		resource.Fail(w, errNoEvents())
		return
	}
	defer release()
	// The server's time limits are for answers that end.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep the events to itself
	w.WriteHeader(http.StatusOK)
	l.told = told{}
	quiet := time.NewTicker(heartbeat)
	defer quiet.Stop()
	n := gather(v.stream, time.Now())
	for b := []byte(":\n\n"); ; b = b[:0] {
		over, moved := v.audience.ended()
		if newer := v.audience.news.Load(); newer != nil && newer.at.After(n.at) {
			n = newer
		}
		b = l.told.tell(b, l.events, n, v, time.Now())
		b = l.told.tellMove(b, l.events, v.audience.destination(), moved)
		if err := write(w, control, b); err != nil || over {
			return
		}
		select {
		case <-l.wake:
			continue
		case <-quiet.C:
			if write(w, control, []byte(":\n\n")) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// write sends what there is, or finds out that nobody takes it. Over HTTP/2 a deadline
// that passes ends the stream though nothing is being written, so there is none in
// between.
func write(w http.ResponseWriter, control *http.ResponseController, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_ = control.SetWriteDeadline(time.Now().Add(eventTimeout))
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	if _, err := w.Write(b); err != nil {
		return err
	}
	return control.Flush()
}
