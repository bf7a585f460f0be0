//go:build !noaac

package derive

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/transmux/avtest"
)

// heard is what an observer was told, in order.
type heard struct {
	mu    sync.Mutex
	words []string
}

// Derived is Observer's.
func (h *heard) Derived(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.words = append(h.words, strings.TrimSuffix(c.What+" "+c.Stream+" "+c.String()+": "+c.Cause, ": "))
}

func (h *heard) expect(t *testing.T, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.words, want) {
		t.Errorf("told:\n%s\nwant:\n%s", strings.Join(h.words, "\n"), strings.Join(want, "\n"))
	}
	h.words = nil
}

const made = "live/a Opus from AAC, by the gateway"

// TestTheObserverHearsOfATrack: when its first frame is there, and when it is not made
// any more, whyever.
func TestTheObserverHearsOfATrack(t *testing.T) {
	var ears heard
	onStage(t, Config{Observer: &ears}, func(s *stage) {
		aac := s.track(avtest.AACTrack())
		release := s.room.Want(s.stream, opus)
		s.derived()
		ears.expect(t) // no frame yet
		s.silence(aac, 10)
		ears.expect(t, "started "+made)
		s.silence(aac, 50)
		release()
		time.Sleep(time.Minute)
		ears.expect(t, "stopped "+made+": "+errUnwanted.Error())

		defer s.room.Want(s.stream, opus)()
		s.silence(aac, 10)
		s.pub.Close()
		time.Sleep(time.Second)
		s.publish()
		s.derived()
		ears.expect(t, "started "+made, "stopped "+made+": "+errNoSource.Error())
		s.silence(s.track(avtest.AACTrack()), 10)
		s.silence(s.track(avtest.OpusTrack()), 10)
		ears.expect(t, "started "+made, "stopped "+made+": "+errUnneeded.Error())
	})
	ears.expect(t)
}

// TestTheObserverHearsOfFailure: once, however often it is tried again, and of what
// works after that.
func TestTheObserverHearsOfFailure(t *testing.T) {
	var ears heard
	onStage(t, Config{Observer: &ears}, func(s *stage) {
		opened := 0
		s.room.recipes = brokenRecipe(0, &opened)
		defer s.room.Want(s.stream, opus)()
		aac := s.track(avtest.AACTrack())
		s.silence(aac, 1500) // 32 s
		ears.expect(t, "failed live/a Opus from AAC: "+errBroken.Error())
		if opened < 5 {
			t.Errorf("tried %d times", opened)
		}
		s.room.Close()
		ears.expect(t, "stopped live/a Opus from AAC: "+errClosed.Error())
	})
}

// TestTheObserverHearsOfAVerdict: that nothing can be made is a failure, too.
func TestTheObserverHearsOfAVerdict(t *testing.T) {
	var ears heard
	onStage(t, Config{Observer: &ears}, func(s *stage) {
		defer s.room.Want(s.stream, opus)()
		he := s.track(avtest.AACConfigs()[5].Track())
		s.silence(he, 10)
		ears.mu.Lock()
		told := slices.Clone(ears.words)
		ears.words = nil
		ears.mu.Unlock()
		if len(told) != 1 || !strings.HasPrefix(told[0], "failed live/a Opus from AAC: ") || !strings.Contains(told[0], "AAC-LC") {
			t.Errorf("told %q", told)
		}
		lc := avtest.AACTrack()
		lc.ID = he.ID
		s.silence(s.track(lc), 10)
		ears.expect(t, "started "+made)
	})
	ears.expect(t, "stopped "+made+": "+errClosed.Error())
}
