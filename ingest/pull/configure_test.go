package pull

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
)

// at is a source of that name at that host.
func at(name, host string) Source {
	return Source{Source: ingest.Source{Name: name, URL: &url.URL{Scheme: "rtsp", Host: host, Path: "/a"}}}
}

// hosts are those that were asked, in order.
type hosts struct{ asked []string }

func (h *hosts) on(ctx context.Context, c *camera, s ingest.Source) error {
	c.mu.Lock()
	h.asked = append(h.asked, s.URL.Host)
	c.mu.Unlock()
	return on(forever)(ctx, c, s)
}

// TestSourcesThatStayTheSame are not touched; another URL is another pull, and the
// viewers wait for it; one that is new is fetched.
func TestSourcesThatStayTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen hosts
		h := newHouse(t, at(name, "one"), seen.on)
		defer h.stop()
		time.Sleep(time.Second)
		sub := h.mustWatch()
		defer sub.Close()

		h.room.Configure([]Source{at(name, "one"), at("live/other", "two")})
		time.Sleep(time.Second)
		synctest.Wait()
		if got := seen.asked; len(got) != 2 || got[1] != "two" || len(h.room.Status()) != 2 {
			t.Fatalf("asked %v", got)
		}
		h.room.Configure([]Source{at(name, "three"), at("live/other", "two")})
		time.Sleep(time.Second)
		synctest.Wait()
		if got := seen.asked; len(got) != 3 || got[2] != "three" {
			t.Fatalf("asked %v", got)
		}
		h.expect(Live)
		if err := sub.Stream().Err(); err != nil || sub.Stream().Catalog().Generation != 2 {
			t.Errorf("the viewer's stream: %v, %+v", err, sub.Stream().Catalog())
		}
	})
}

// TestSourcesThatGo end as publishers do, and their names are free.
func TestSourcesThatGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var now atomic.Value
		now.Store(off)
		h := newHouse(t, at(name, "one"), func(ctx context.Context, c *camera, s ingest.Source) error {
			return now.Load().(func(context.Context, *camera, ingest.Source) error)(ctx, c, s)
		})
		defer h.stop()
		time.Sleep(10 * time.Second)
		failures := h.room.Failures()
		heard := make(chan error)
		now.Store(func(ctx context.Context, _ *camera, _ ingest.Source) error { <-ctx.Done(); return ctx.Err() })
		time.Sleep(time.Minute)
		go func() {
			_, err := h.watch()
			heard <- err
		}()
		synctest.Wait()
		h.room.Configure(nil)
		if err := <-heard; !errors.Is(err, bus.ErrNotLive) {
			t.Errorf("who waited for it hears %v", err)
		}
		if n := h.room.Failures(); n < failures || failures == 0 {
			t.Errorf("a counter went from %d back to %d", failures, n)
		}
		if p, err := h.room.Pushed().Publish(name, bus.PublisherInfo{}); err != nil {
			t.Errorf("the name is not free: %v", err)
		} else {
			p.Close()
		}
		// And it may come again.
		now.Store(on(forever))
		h.room.Configure([]Source{at(name, "one")})
		time.Sleep(time.Second)
		h.expect(Live)
	})
}

// TestOnDemandOrNot can be changed, and ends nobody.
func TestOnDemandOrNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, at(name, "one"), on(forever))
		defer h.stop()
		time.Sleep(time.Second)
		sub := h.mustWatch()
		demand := at(name, "one")
		demand.OnDemand, demand.Linger = true, 5*time.Second
		h.room.Configure([]Source{demand})
		time.Sleep(time.Minute)
		h.expect(Live)
		sub.Close()
		time.Sleep(10 * time.Second)
		h.expect(Idle)
		h.room.Configure([]Source{at(name, "one")})
		time.Sleep(time.Second)
		h.expect(Live)
		if n := len(h.cam.calls()); n != 2 {
			t.Errorf("%d pulls", n)
		}
	})
}
