package pull

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/ingest"
)

// heard is what an observer was told, in order.
type heard struct {
	mu    sync.Mutex
	words []string
}

// Up is Observer's.
func (h *heard) Up(s ingest.Source) { h.add("up " + s.Name) }

// Down is Observer's.
func (h *heard) Down(s ingest.Source, cause string) { h.add("down " + s.Name + ": " + cause) }

func (h *heard) add(words string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.words = append(h.words, words)
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.words)
}

// TestTheObserverIsToldOnce: a source that is off all night is down once, and comes up
// once.
func TestTheObserverIsToldOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		plugged := make(chan struct{})
		h := newHouse(t, Source{}, func(ctx context.Context, c *camera, s ingest.Source) error {
			select {
			case <-plugged:
				return on(forever)(ctx, c, s)
			default:
				return errOff
			}
		})
		defer h.stop()
		time.Sleep(8 * time.Hour)
		if got, want := h.heard.all(), []string{"down live/cam: " + errOff.Error()}; !slices.Equal(got, want) {
			t.Errorf("told %q", got)
		}
		close(plugged)
		time.Sleep(time.Minute)
		h.expect(Live)
		h.stop()
		got := h.heard.all()
		if len(got) != 3 || got[1] != "up live/cam" || !strings.Contains(got[2], "shutting down") {
			t.Errorf("told %q", got)
		}
	})
}

// TestTheObserverOfOneOnDemand: it goes down with its last viewer, which is no
// failure; one that failed and is not wanted any more has been told.
func TestTheObserverOfOneOnDemand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true}, on(forever))
		defer h.stop()
		time.Sleep(time.Minute)
		h.mustWatch().Close()
		time.Sleep(time.Minute)
		want := []string{"up live/cam", "down live/cam: " + errUnwatched.Error()}
		if got := h.heard.all(); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	})
	bubble(t, func(t *testing.T) {
		h := newHouse(t, Source{OnDemand: true}, off)
		defer h.stop()
		for range 2 {
			if _, err := h.watch(); err == nil {
				t.Error("somebody watches what is off")
			}
			time.Sleep(time.Hour)
		}
		want := "down live/cam: " + errOff.Error()
		if got := h.heard.all(); !slices.Equal(got, []string{want, want}) {
			t.Errorf("told %q", got)
		}
	})
}
