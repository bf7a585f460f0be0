package whep

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/peer"
)

const (
	clean    = "../../transmux/flv/testdata/zerolatency.flv"
	bFrames  = "../../transmux/flv/testdata/small-bframes-44k.flv"
	loopback = "127.0.0.1:0"
)

// broadcast publishes a clip as live/x, from a point in it, until the returned
// function is called.
func (h *house) broadcast(t *testing.T, name string, from time.Duration) (pictures *atomic.Int64, stop func()) {
	t.Helper()
	p, err := h.hub.Publish("live/x", bus.PublisherInfo{Protocol: "test"})
	if err != nil {
		t.Fatal(err)
	}
	pictures = &atomic.Int64{}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { publish(ctx, p, readClip(t, name), from, pictures) })
	stop = func() { cancel(); work.Wait(); p.Close() }
	t.Cleanup(stop)
	return pictures, stop
}

// recorder keeps the access units that a viewer gets.
type recorder struct {
	mu    sync.Mutex
	units []peer.AccessUnit
}

func (r *recorder) take(u peer.AccessUnit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.units = append(r.units, u)
}

func (r *recorder) all() []peer.AccessUnit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]peer.AccessUnit(nil), r.units...)
}

// last is the newest one.
func (r *recorder) last() peer.AccessUnit {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.units) == 0 {
		return peer.AccessUnit{}
	}
	return r.units[len(r.units)-1]
}

// check wants every unit whole, later than the one before, and the first to
// decode by itself.
func (r *recorder) check(t *testing.T) {
	t.Helper()
	r.checkBut(t, nil)
}

// checkBut is check, but some units need not be whole.
func (r *recorder) checkBut(t *testing.T, damaged map[int]bool) {
	t.Helper()
	units := r.all()
	for i, u := range units {
		if !u.Complete && !damaged[i] {
			t.Errorf("unit %d of %d is not whole", i, len(units))
		}
		if i > 0 && int32(u.Timestamp-units[i-1].Timestamp) <= 0 {
			t.Errorf("unit %d of %d goes back by %d", i, len(units), int32(units[i-1].Timestamp-u.Timestamp))
		}
	}
	if len(units) == 0 || !units[0].Key || !units[0].Parameters {
		t.Error("it does not begin with a keyframe that decodes by itself")
	}
}

func (h *house) watch(t *testing.T, r *recorder, change func(*peer.Options)) *peer.Viewer {
	t.Helper()
	o := peer.Options{Listen: loopback, OnAccessUnit: r.take}
	if change != nil {
		change(&o)
	}
	v, err := peer.Watch(t.Context(), h.url+"live/x", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	if err := v.WaitKeyframe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestJoinInTheMiddleOfAGOP(t *testing.T) {
	h := newHouse(t, bus.Config{})
	pictures, _ := h.broadcast(t, clean, time.Second)
	await(t, func() bool { return pictures.Load() > 45 })
	behind := pictures.Load()
	var r recorder
	v := h.watch(t, &r, nil)
	await(t, func() bool { return int64(len(r.all())) > behind+25 })
	r.check(t)
	// The squeezed frames end where the live ones begin: what came last is as old
	// as its way here.
	units := r.all()
	last := units[len(units)-1]
	true90k := int32(last.Timestamp - units[len(units)-4].Timestamp)
	if true90k < 3*2900 || true90k > 3*3100 {
		t.Errorf("three live frames of 33 ms are %d ticks of 90 kHz apart", true90k)
	}
	if s := v.Stats(av.Video); s.Lost+s.Backward+s.Duplicates > 0 {
		t.Errorf("packets: %+v", s)
	}
	t.Logf("%+v", v.Timing())
	if s := h.port.Stats(); s.Segments < 4*s.Sends {
		t.Errorf("%d packets took %d system calls", s.Segments, s.Sends)
	}
}

func TestEitherProtectionProfile(t *testing.T) {
	for name, profile := range map[string]peer.Profile{"GCM": peer.AEADAES128GCM, "CM": peer.AES128CMHMACSHA180} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, bus.Config{})
			h.broadcast(t, clean, 0)
			await(t, func() bool { s, _ := h.hub.Stream("live/x"); return s.Frames > 10 })
			var r recorder
			h.watch(t, &r, func(o *peer.Options) { o.Profiles = []peer.Profile{profile} })
			await(t, func() bool { return len(r.all()) > 20 })
			r.check(t)
		})
	}
}

func TestBFramesAreLeftOut(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, bFrames, 0)
	await(t, func() bool { s, _ := h.hub.Stream("live/x"); return s.Frames > 60 })
	var r recorder
	h.watch(t, &r, nil)
	await(t, func() bool { return len(r.all()) > 20 })
	r.check(t)
	for i, u := range r.all() {
		for _, n := range u.NALUs {
			if kind := n[0] & 0x1f; kind == 1 && n[0]&0x60 == 0 {
				t.Errorf("unit %d has a slice that nothing refers to: a B-frame", i)
			}
		}
	}
}

func TestThePublisherComesBack(t *testing.T) {
	h := newHouse(t, bus.Config{})
	_, stop := h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	await(t, func() bool { return len(r.all()) > 10 })
	stop()
	before := len(r.all())
	if _, err := peer.Watch(t.Context(), h.url+"live/x", peer.Options{Listen: loopback}); !refused(err, http.StatusConflict) {
		t.Errorf("watching what nobody publishes gives %v", err)
	}
	h.broadcast(t, clean, 0)
	await(t, func() bool { return len(r.all()) > before+10 })
	r.check(t)
	if v.Err() != nil || v.Stats(av.Video).Jumps > 0 {
		t.Errorf("the session did not run on: %v, %+v", v.Err(), v.Stats(av.Video))
	}
}

func TestThePublisherStaysAway(t *testing.T) {
	h := newHouse(t, bus.Config{Linger: 50 * time.Millisecond})
	_, stop := h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	stop()
	<-v.Done()
	if !errors.Is(v.Err(), peer.ErrGoodbye) {
		t.Errorf("the viewer was told %v", v.Err())
	}
}

// silentDelete keeps DELETE from the server, so that only close_notify tells it.
type silentDelete struct{}

func (silentDelete) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestTheViewerSaysGoodbyeByDTLS(t *testing.T) {
	for name, stay := range map[string]time.Duration{"while the handshake's connection is there": 0, "after it is gone": 4 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, bus.Config{})
			h.broadcast(t, clean, 0)
			var r recorder
			v := h.watch(t, &r, func(o *peer.Options) { o.Client = &http.Client{Transport: silentDelete{}} })
			begun := time.Now()
			await(t, func() bool { return time.Since(begun) > stay })
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { s, _ := h.hub.Stream("live/x"); return s.Viewers == 0 })
		})
	}
}

func TestTheServerSaysGoodbyeByDTLS(t *testing.T) {
	for name, stay := range map[string]time.Duration{"while the handshake's connection is there": 0, "after it is gone": 4 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, bus.Config{})
			h.broadcast(t, clean, 0)
			var r recorder
			v := h.watch(t, &r, nil)
			begun := time.Now()
			await(t, func() bool { return time.Since(begun) > stay })
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, v.Location(), nil)
			response, err := http.DefaultClient.Do(request)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatal(response, err)
			}
			_ = response.Body.Close()
			<-v.Done()
			if !errors.Is(v.Err(), peer.ErrGoodbye) {
				t.Errorf("the viewer was told %v", v.Err())
			}
		})
	}
}

func TestALostPictureComesBack(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	await(t, func() bool { return len(r.all()) > 10 })
	if err := v.RequestKeyframe(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		keys, units := 0, r.all()
		for _, u := range units[:min(len(units), 40)] {
			if u.Key {
				keys++
			}
		}
		return keys > 1 // long before the next one of the clip's, at 60
	})
	r.check(t)
}

func refused(err error, status int) bool {
	var s *peer.StatusError
	return errors.As(err, &s) && s.Status == status && s.Problem.Detail != ""
}
