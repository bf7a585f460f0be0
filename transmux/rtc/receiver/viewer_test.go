package receiver

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

const name = "live/x"

func (h *house) watch(t *testing.T, r *Room) *Viewer {
	t.Helper()
	await(t, "the stream", func() bool { s, _ := h.hub.Stream(name); return s.Live && s.Frames > 3 })
	v, err := r.Watch(t.Context(), h.url+name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close(context.Background()) })
	return v
}

// marks collects what OnMark is told.
type marks struct {
	mu   sync.Mutex
	list []Marked
}

func (m *marks) take(one Marked) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, one)
}

func (m *marks) all() []Marked {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Marked(nil), m.list...)
}

// TestWatch counts a real room's packets, in runs and one by one.
func TestWatch(t *testing.T) {
	for mode, cfg := range map[string]Config{
		"in runs": {}, "eagerly": {Eager: true}, "packet by packet": {Plain: true},
	} {
		t.Run(mode, func(t *testing.T) {
			plain := cfg.Plain
			h := newHouse(t)
			h.publish(t, name)
			var m marks
			cfg.Mark, cfg.Every, cfg.OnMark = readLabel, 3, m.take
			r := newRoom(t, cfg)
			v := h.watch(t, r)
			happens(t, "the connection", v.Connected())
			happens(t, "the keyframe", v.Keyframe())
			await(t, "pictures", func() bool { return v.Stats().Pictures > 60 })
			s := v.Stats()
			if s.Video.Duplicates > 1 { // the very first packet is sent twice
				t.Errorf("%d packets came twice", s.Video.Duplicates)
			}
			if s.Video.Lost+s.Video.Late+s.Video.Backward+s.Video.Strays+s.Broken+s.Unknown+s.Unopened+s.Dropped > 0 {
				t.Errorf("trouble: %+v", s)
			}
			if s.Audio.Packets < 40 || s.Audio.Lost > 0 {
				t.Errorf("sound: %+v", s.Audio)
			}
			packets := s.Video.Packets + s.Audio.Packets
			if plain && s.Reads < packets || !plain && s.Reads*2 > packets {
				t.Errorf("%d packets in %d reads", packets, s.Reads)
			}
			if timing := v.Timing(); timing.Answered == 0 || timing.Connected < timing.Answered || timing.Keyframe < timing.Connected {
				t.Errorf("timing %+v", timing)
			}
			if n := r.joining.Load(); n != 0 {
				t.Errorf("%d are thought to be joining", n)
			}
			m.check(t)
			if err := v.Close(t.Context()); err != nil || !errors.Is(v.Err(), ErrClosed) {
				t.Errorf("closing: %v, ended with %v", err, v.Err())
			}
			await(t, "the end at the server", func() bool { return h.viewers(name) == 0 })
		})
	}
}

// check wants most marked pictures to have come a little after their label was made.
func (m *marks) check(t *testing.T) {
	t.Helper()
	all := m.all()
	if len(all) < 15 {
		t.Errorf("only %d marks", len(all))
	}
	for i, one := range all[len(all)/2:] { // the first half is from before we joined
		sent := time.Unix(0, one.Value)
		if added := one.Arrived.Sub(sent); added < -time.Millisecond || added > time.Second {
			t.Errorf("mark %d arrived after %v", i, added)
		}
		if late := one.Read.Sub(one.Arrived); late < -time.Millisecond || late > time.Second {
			t.Errorf("mark %d was read after %v", i, late)
		}
	}
}

// silentDelete keeps DELETE from the server, so that only close_notify tells it.
type silentDelete struct{ http.RoundTripper }

func (s silentDelete) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}
	return s.RoundTripper.RoundTrip(r)
}

func TestGoodbyeByDTLS(t *testing.T) {
	h := newHouse(t)
	h.publish(t, name)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	v := h.watch(t, newRoom(t, Config{Client: &http.Client{Transport: silentDelete{transport}}}))
	happens(t, "the keyframe", v.Keyframe())
	if err := v.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the end at the server", func() bool { return h.viewers(name) == 0 })
}

func TestTheServersGoodbye(t *testing.T) {
	h := newHouse(t)
	stop := h.publish(t, name)
	v := h.watch(t, newRoom(t, Config{}))
	happens(t, "the keyframe", v.Keyframe())
	stop()
	happens(t, "the end", v.Done())
	if !errors.Is(v.Err(), ErrGoodbye) {
		t.Errorf("ended with %v", v.Err())
	}
}

func TestRefused(t *testing.T) {
	h := newHouse(t)
	r := newRoom(t, Config{})
	_, err := r.Watch(t.Context(), h.url+name)
	var refused *StatusError
	if !errors.As(err, &refused) || refused.Status != http.StatusConflict || refused.RetryAfter <= 0 || refused.Detail == "" {
		t.Errorf("got %v", err)
	}
}

// TestLeavingEarly closes viewers at every point of their coming.
func TestLeavingEarly(t *testing.T) {
	h := newHouse(t)
	h.publish(t, name)
	r := newRoom(t, Config{})
	for i := range 12 {
		v := h.watch(t, r)
		select {
		case <-v.Connected():
		case <-time.After(time.Duration(i) * 500 * time.Microsecond):
		}
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	await(t, "the end at the server", func() bool { return h.viewers(name) == 0 })
}

func TestKeyframeRequest(t *testing.T) {
	h := newHouse(t)
	h.publish(t, name)
	v := h.watch(t, newRoom(t, Config{}))
	v.RequestKeyframe() // nothing has come: nothing to ask for
	happens(t, "the keyframe", v.Keyframe())
	v.RequestKeyframe()
	await(t, "the request at the server", func() bool { return h.whep.Stats().Refreshes > 0 })
}

// TestConsent ends a viewer whose server has fallen silent.
func TestConsent(t *testing.T) {
	h := newHouse(t)
	h.publish(t, name)
	v := h.watch(t, newRoom(t, Config{}))
	happens(t, "the connection", v.Connected())
	v.tick(time.Now().Add(consentInterval * 2)) // asks, and reports
	if v.Err() != nil {
		t.Fatal(v.Err())
	}
	v.tick(time.Now().Add(consentExpiry + time.Second))
	if !errors.Is(v.Err(), ErrConsent) {
		t.Errorf("ended with %v", v.Err())
	}
}

// TestServeEndsViewers leaves nothing running when the room is left.
func TestServeEndsViewers(t *testing.T) {
	h := newHouse(t)
	h.publish(t, name)
	r, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- r.Serve(ctx) }()
	v := h.watch(t, r)
	happens(t, "the keyframe", v.Keyframe())
	cancel()
	if err := <-served; err != nil || !errors.Is(v.Err(), ErrClosed) {
		t.Errorf("%v, ended with %v", err, v.Err())
	}
	if _, err := r.Watch(t.Context(), h.url+name); !errors.Is(err, ErrClosed) {
		t.Errorf("a room that is closed lets in: %v", err)
	}
}

// TestNobodyAtTheCandidate answers offers but no checks.
func TestNobodyAtTheCandidate(t *testing.T) {
	deleted := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			deleted <- struct{}{}
			return
		}
		w.Header().Set("Location", "/gone")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(shortAnswer))
	}))
	defer server.Close()
	v, err := newRoom(t, Config{}).Watch(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := v.check(ctx); !errors.Is(err, ErrUnreachable) {
		t.Errorf("the check gave %v", err)
	}
	if err := v.Close(t.Context()); err != nil {
		t.Error(err)
	}
	<-deleted
}
