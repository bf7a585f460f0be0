package pull

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
)

const forever = 1000 * time.Hour

// TestAlwaysOn: it is fetched without a viewer, and again whenever it breaks off.
func TestAlwaysOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{}, on(time.Minute))
		defer h.stop()
		time.Sleep(time.Second)
		h.expect(Live)
		sub := h.mustWatch()
		defer sub.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(h.cam.calls()); n < 55 || n > 60 {
			t.Errorf("%d attempts in an hour of minutes", n)
		}
		if err := sub.Stream().Err(); err != nil {
			t.Errorf("the viewer lost its stream: %v", err)
		}
	})
}

// TestBackOff: pauses double up to the last one, each with its jitter, and begin
// anew after a steady time.
func TestBackOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		working := false
		h := newHouse(t, Source{}, func(ctx context.Context, c *camera, s ingest.Source) error {
			if working {
				working = false
				return on(2*steady)(ctx, c, s)
			}
			return errOff
		})
		defer h.stop()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		pauses := pausesOf(h.cam.calls())
		if len(pauses) < 7 {
			t.Fatalf("pauses %v", pauses)
		}
		different := map[time.Duration]bool{}
		for i, got := range pauses {
			want := min(firstPause<<min(i, 10), lastPause)
			if got < want*3/4 || got > want*5/4 {
				t.Errorf("pause %d is %s, want %s and a quarter more or less", i, got, want)
			}
			different[got*100/want] = true
		}
		if len(different) == 1 {
			t.Error("there is no jitter")
		}
		h.expect(Waiting)
		working = true
		before := len(h.cam.calls())
		time.Sleep(lastPause*5/4 + 2*steady + time.Second*5)
		synctest.Wait()
		after := pausesOf(h.cam.calls()[before:])
		if len(after) == 0 || after[0] > firstPause*5/4 {
			t.Errorf("pauses after a steady time: %v", after)
		}
	})
}

func pausesOf(calls []attempt) (pauses []time.Duration) {
	for i := 1; i < len(calls); i++ {
		pauses = append(pauses, calls[i].at.Sub(calls[i-1].end))
	}
	return pauses
}

// TestOnDemand: the first viewer starts it and gets the stream, all viewers
// together are one pull, and it is stopped a while after the last.
func TestOnDemand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true, Linger: 5 * time.Second}, on(forever))
		defer h.stop()
		time.Sleep(time.Hour)
		h.expect(Idle)
		if len(h.cam.calls()) != 0 {
			t.Fatal("fetched for nobody")
		}
		const viewers = 50
		subs := make([]*bus.Subscriber, viewers)
		var work sync.WaitGroup
		for i := range subs {
			work.Go(func() {
				sub, err := h.watch()
				if err != nil {
					t.Error(err)
				}
				subs[i] = sub
			})
		}
		work.Wait()
		h.expect(Live)
		if n := len(h.cam.calls()); n != 1 {
			t.Fatalf("%d pulls for %d viewers", n, viewers)
		}
		if s := h.room.Status()[0]; s.Viewers != viewers {
			t.Errorf("%d viewers counted", s.Viewers)
		}
		if len(subs[0].Stream().Catalog().Tracks) == 0 {
			t.Error("a viewer was let in before there was a track")
		}
		for _, sub := range subs {
			sub.Close()
		}
		time.Sleep(4 * time.Second)
		h.expect(Live) // somebody may come back
		again := h.mustWatch()
		time.Sleep(time.Minute)
		h.expect(Live)
		again.Close()
		time.Sleep(4900 * time.Millisecond)
		h.expect(Live)
		time.Sleep(200 * time.Millisecond)
		h.expect(Idle)
		if n := len(h.cam.calls()); n != 1 {
			t.Errorf("%d pulls", n)
		}
		if _, there := h.hub.Stream(name); there {
			t.Error("the stream is left over")
		}
		h.mustWatch().Close() // and once more from the beginning
	})
}

// TestViewersSurvive: a source that is away for a long time keeps its viewers, who
// go on in the same stream.
func TestViewersSurvive(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		away := false
		h := newHouse(t, Source{OnDemand: true}, func(ctx context.Context, c *camera, s ingest.Source) error {
			mu.Lock()
			defer mu.Unlock()
			if away {
				return errOff
			}
			mu.Unlock()
			defer mu.Lock()
			return on(time.Minute)(ctx, c, s)
		})
		defer h.stop()
		sub := h.mustWatch()
		defer sub.Close()
		video := sub.Stream().Catalog().Tracks[0].ID
		sub.Follow(video, 0)
		time.Sleep(time.Second)
		mu.Lock()
		away = true
		mu.Unlock()
		time.Sleep(20 * time.Minute)
		if s := h.room.Status()[0]; s.State != Waiting || s.LastError != errOff.Error() || s.Retries < 30 {
			t.Errorf("while it is away: %+v", s)
		}
		mu.Lock()
		away = false
		mu.Unlock()
		time.Sleep(lastPause * 5 / 4)
		time.Sleep(time.Second)
		h.expect(Live)
		if c := sub.Stream().Catalog(); sub.Stream().Err() != nil || !c.Live || c.Generation < 2 {
			t.Errorf("the viewer's stream: %v, %+v", sub.Stream().Err(), c)
		}
	})
}

// TestSilence: a source that says nothing for a quarter of an hour is left in peace.
func TestSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{}, func(ctx context.Context, c *camera, s ingest.Source) error {
			p, err := c.gate.Open(ctx, ingest.Request{Name: s.Name})
			if err != nil {
				return err
			}
			defer p.Close()
			<-ctx.Done()
			return ctx.Err()
		})
		defer h.stop()
		time.Sleep(15 * time.Minute)
		h.expect(Live)
		if n := len(h.cam.calls()); n != 1 {
			t.Errorf("%d pulls", n)
		}
		// A viewer is told that nothing comes.
		begun := time.Now()
		_, err := h.watch()
		if !errors.Is(err, bus.ErrNotLive) || !strings.Contains(err.Error(), "neither picture nor sound") || time.Since(begun) != patience {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

// TestRefusedViewers are told why, and soon.
func TestRefusedViewers(t *testing.T) {
	stall := func(ctx context.Context, _ *camera, _ ingest.Source) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for _, tc := range []struct {
		name string
		pull func(context.Context, *camera, ingest.Source) error
		says string
		most time.Duration
	}{
		{"off", off, "connection refused. The next attempt is in 1s.", 0},
		{"stalled", stall, "has not answered within 8s", patience},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h := newHouse(t, Source{OnDemand: true}, tc.pull)
				defer h.stop()
				begun := time.Now()
				_, err := h.watch()
				var why *bus.Unavailable
				if !errors.Is(err, bus.ErrNotLive) || !errors.As(err, &why) || !strings.Contains(why.Reason, tc.says) {
					t.Errorf("got %v", err)
				}
				if waited := time.Since(begun); waited != tc.most {
					t.Errorf("after %s", waited)
				}
				time.Sleep(DefaultLinger + time.Second)
				h.expect(Idle)
			})
		})
	}
}

// TestOneRefusedViewerDoesNotHammer: viewers that ask again and again do not make
// the source be asked more often.
func TestOneRefusedViewerDoesNotHammer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true}, off)
		defer h.stop()
		for begun := time.Now(); time.Since(begun) < 10*time.Minute; time.Sleep(2 * time.Second) {
			if _, err := h.watch(); !errors.Is(err, bus.ErrNotLive) {
				t.Fatal(err)
			}
		}
		if n := len(h.cam.calls()); n > 30 {
			t.Errorf("%d attempts in ten minutes", n)
		}
	})
}

// later is a server that says when to ask again.
type later time.Duration

func (later) Error() string               { return "ask later" }
func (l later) RetryAfter() time.Duration { return time.Duration(l) }

func TestTheServersWishIsHeard(t *testing.T) {
	for _, tc := range []struct{ wish, least time.Duration }{{7 * time.Second, 7 * time.Second}, {time.Hour, lastPause}} {
		bubble(t, func(t *testing.T) {
			h := newHouse(t, Source{}, func(context.Context, *camera, ingest.Source) error {
				return fmt.Errorf("test: %w", later(tc.wish))
			})
			defer h.stop()
			time.Sleep(time.Minute)
			synctest.Wait()
			if pauses := pausesOf(h.cam.calls()); len(pauses) == 0 || pauses[0] != tc.least {
				t.Errorf("pauses %v", pauses)
			}
		})
	}
}

// TestViewerThatDoesNotWait leaves nothing behind.
func TestViewerThatDoesNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true}, on(forever))
		defer h.stop()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := h.room.Subscribe(ctx, name); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(DefaultLinger + time.Second)
		h.expect(Idle)
	})
}

func TestNamesOfSourcesAreTaken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true}, on(forever))
		defer h.stop()
		gate := ingest.New(h.room.Pushed(), ingest.Config{}, h.room.log)
		_, err := gate.Open(t.Context(), ingest.Request{Name: name})
		if !errors.Is(err, bus.ErrNameTaken) || !errors.Is(err, ingest.ErrReserved) {
			t.Errorf("a publisher under a source's name: %v", err)
		}
		other, err := gate.Open(t.Context(), ingest.Request{Name: "live/other"})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		sub, err := h.room.Subscribe(t.Context(), "live/other")
		if err != nil {
			t.Fatal(err)
		}
		sub.Close()
		if _, err := h.room.Pulled().Publish("live/third", bus.PublisherInfo{}); err == nil {
			t.Error("a puller published what is no source's")
		}
		if _, err := h.room.Subscribe(t.Context(), "live/nothing"); !errors.Is(err, bus.ErrNotLive) {
			t.Errorf("got %v", err)
		}
	})
}

func TestShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true}, func(ctx context.Context, _ *camera, _ ingest.Source) error {
			<-ctx.Done()
			return ctx.Err()
		})
		refused := make(chan error, 1)
		go func() {
			_, err := h.watch()
			refused <- err
		}()
		synctest.Wait()
		h.stop()
		if err := <-refused; !errors.Is(err, bus.ErrShutdown) {
			t.Errorf("got %v", err)
		}
		if _, err := h.watch(); !errors.Is(err, bus.ErrShutdown) {
			t.Errorf("afterwards: %v", err)
		}
	})
}
