package e2e

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

// connection is a session with media, of either protocol.
type connection struct {
	session  *session
	at       string              // the endpoint
	flows    func()              // waits for more media
	restart  func()              // restarts ICE and waits until that stands
	farewell func() bool         // whether the server said goodbye over DTLS
	vanish   func()              // falls silent
	leave    func()              // says goodbye over DTLS, and only there
	over     func(time.Duration) // waits until the server has let go
}

// connect begins a session with media.
func (e *exam) connect() *connection {
	e.Helper()
	if e.name == "WHIP" {
		return e.connectWHIP()
	}
	return e.connectWHEP()
}

func (e *exam) connectWHIP() *connection {
	e.Helper()
	at := e.endpoint() + "-media"
	name := at[len(e.g.url(e.path)):]
	c := e.publishes(name, rendition{clip: zeroLatency})
	e.flows(name)
	return &connection{
		session: c.session, at: at,
		flows:    func() { e.Helper(); e.flows(name) },
		restart:  func() { e.Helper(); c.restart("*") },
		farewell: c.line.goodbye.Load,
		vanish:   func() { c.line.mute.Store(true) },
		leave: func() {
			if err := c.pc.Close(); err != nil {
				e.Error(err)
			}
		},
		over: func(within time.Duration) { e.Helper(); e.gone(name, within) },
	}
}

// noDelete keeps DELETE from the server.
type noDelete struct{}

func (noDelete) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (e *exam) connectWHEP() *connection {
	e.Helper()
	r := e.watches("live/there", func(o *peer.Options) { o.Client = &http.Client{Transport: noDelete{}} })
	s := &session{e: e, url: r.Location(), etag: r.ETag()}
	return &connection{
		session: s,
		flows:   func() { e.Helper(); r.more(e.T, 20) },
		restart: func() {
			e.Helper()
			if err := r.Restart(withDeadline(e.T, patience)); err != nil {
				e.Fatal(err)
			}
			s.etag = r.ETag()
		},
		farewell: func() bool { return errors.Is(r.Err(), peer.ErrGoodbye) },
		vanish: func() {
			if err := r.Vanish(); err != nil {
				e.Error(err)
			}
		},
		leave: func() { r.leave(e.T) },
		over: func(within time.Duration) {
			e.Helper()
			err := poll(e.Context(), within, func() bool {
				response, _ := e.do(http.MethodGet, s.url, "")
				return response.StatusCode == http.StatusNotFound
			})
			if err != nil {
				e.Error("the session is still there")
			}
		},
	}
}

// watches watches a stream until the row's end.
func (e *exam) watches(name string, change func(*peer.Options)) *recorder {
	e.Helper()
	r := &recorder{}
	o := e.g.options()
	o.OnAccessUnit = func(u peer.AccessUnit) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.units = append(r.units, u)
	}
	if change != nil {
		change(&o)
	}
	v, err := peer.Watch(withDeadline(e.T, patience), e.g.whep(name), o)
	if err != nil {
		e.Fatal(err)
	}
	r.Viewer = v
	e.Cleanup(func() {
		if err := v.Close(); err != nil {
			e.Error(err)
		}
	})
	if err := v.WaitKeyframe(withDeadline(e.T, patience)); err != nil {
		e.Fatal(err)
	}
	return r
}

// elsewhere is an exam at a gateway of its own, with the stream that viewers want.
func (e *exam) elsewhere(settings ...string) *exam {
	e.Helper()
	other := &exam{T: e.T, protocol: e.protocol, g: start(e.T, settings...)}
	other.g.publish(zeroLatency, "live/there")
	other.g.waitLive("live/there")
	return other
}

func within(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	if err := poll(t.Context(), limit, holds); err != nil {
		t.Errorf("not within %v: %s", limit, what)
	}
}
