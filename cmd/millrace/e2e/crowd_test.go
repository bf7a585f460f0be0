package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/rtc/peer"
)

const (
	crowd     = 200
	doors     = 10 // so many come at a time
	crowdRun  = 10 * time.Second
	handshake = 5 * time.Second // longer than anything of a handshake is kept
	// spare goroutines: the HTTP server's own come and go.
	spare = 4
	// heapSpare is what may be held after many joins and leaves that was not
	// before: a derivation that has just ended, or not, is 0.9 MiB of it.
	heapSpare = 3 << 19
	// crowdSpare is what may be: maps and pools keep the room they had for the
	// greatest crowd. A second crowd adds nothing to it.
	crowdSpare = 4 << 20
)

// several watches with so many viewers at a time through a client that keeps no
// connection, since each would be a goroutine at the server.
func (g *gateway) several(n int, name string, with func(context.Context, *peer.Viewer) error) []error {
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	var work sync.WaitGroup
	errs := make([]error, n)
	next := make(chan int)
	for range doors {
		work.Go(func() {
			for i := range next {
				errs[i] = func() error {
					ctx, cancel := context.WithTimeout(g.t.Context(), patience)
					defer cancel()
					o := g.options()
					o.Client = &http.Client{Transport: transport}
					v, err := peer.Watch(ctx, g.whep(name), o)
					if err != nil {
						return fmt.Errorf("viewer %d: %w", i, err)
					}
					if err := with(ctx, v); err != nil {
						return fmt.Errorf("viewer %d: %w", i, err)
					}
					return nil
				}()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	work.Wait()
	return errs
}

func comeAndGo(ctx context.Context, v *peer.Viewer) error {
	return errors.Join(v.WaitKeyframe(ctx), v.Close())
}

// TestCrowd: two hundred viewers of one stream lose nothing, cost no goroutine
// and leave nothing behind.
func TestCrowd(t *testing.T) {
	g := start(t)
	file := lightClip(t)
	source := g.publish(file, "live/crowd")
	g.waitLive("live/crowd")
	one := g.watch(withDeadline(t, patience), "live/crowd") // so that sound is derived already
	one.more(t, 10)
	before := g.collected()

	var mu sync.Mutex
	var viewers []*peer.Viewer
	t.Cleanup(func() {
		for _, v := range viewers {
			if err := v.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	begun := time.Now()
	for _, err := range g.several(crowd, "live/crowd", func(ctx context.Context, v *peer.Viewer) error {
		mu.Lock()
		viewers = append(viewers, v)
		mu.Unlock()
		return v.WaitKeyframe(ctx)
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d viewers joined within %v, each with a whole keyframe", crowd, time.Since(begun))
	slowest := slices.MaxFunc(viewers, func(a, b *peer.Viewer) int { return cmp.Compare(a.Timing().FirstKeyframe, b.Timing().FirstKeyframe) })
	t.Logf("the slowest of them: %+v", slowest.Timing())
	pass(t, handshake)
	full := g.collected()
	cpu, packets := g.cpu(), delivered(viewers)
	pass(t, crowdRun)
	cpu, packets = g.cpu()-cpu, delivered(viewers)-packets
	if s, _ := g.stream("live/crowd"); s.Viewers != crowd+1 {
		t.Errorf("the API counts %d viewers", s.Viewers)
	}
	for i, v := range viewers {
		if v.Err() != nil {
			t.Errorf("viewer %d: %v", i, v.Err())
		}
		flawless(t, v)
		if n := v.Stats(av.Audio).Packets; n < uint64(crowdRun/time.Second)*40 {
			t.Errorf("viewer %d had %d packets of sound", i, n)
		}
	}
	t.Logf("before: %v; with %d viewers: %v; a viewer has %d KiB of heap and %d KiB of RSS", before, crowd, full,
		(full.heap-before.heap)/crowd>>10, (full.rss-before.rss)/crowd>>10)
	t.Logf("%d packets in %v: %.1f µs of processor time a packet", packets, crowdRun, float64(cpu.Microseconds())/float64(packets))
	if extra := full.goroutines - before.goroutines; extra > spare {
		t.Errorf("%d goroutines more for %d viewers", extra, crowd)
	}
	for _, v := range viewers {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
	g.cleared(before, crowdSpare)
	source.running()
	one.leave(t)
	one.flawless(t)
	one.unharmed(t, readClip(t, file))
}

// unharmed wants the clip's pictures, byte by byte and one after the other, however
// often the publisher began anew, perhaps before it had sent the last of them.
func (r *recorder) unharmed(t *testing.T, c *clip) {
	t.Helper()
	number := map[[32]byte]int{}
	for i, p := range c.pictures() {
		number[fingerprint(p)] = i
	}
	units := r.video()
	last := -1
	for i := range units {
		n, known := number[fingerprint(units[i].NALUs)]
		switch {
		case !known:
			t.Fatalf("picture %d is none of the clip's: %s", i, describe(units[i]))
		case i > 0 && n != 0 && n != last+1:
			t.Fatalf("picture %d is the clip's %d, after its %d", i, n, last)
		}
		last = n
	}
	t.Logf("%d pictures came as they were published, to the last byte", len(units))
}

func delivered(viewers []*peer.Viewer) (n uint64) {
	for _, v := range viewers {
		n += v.Stats(av.Video).Packets + v.Stats(av.Audio).Packets
	}
	return n
}

// cleared wants the process back where it was, once what outlives a handshake and
// a listener for a moment has gone.
func (g *gateway) cleared(before resources, spareBytes int) {
	g.t.Helper()
	after := g.settled(before.goroutines + spare)
	for end := time.Now().Add(patience); after.heap > before.heap+spareBytes && time.Now().Before(end); {
		after = g.collected()
	}
	g.t.Logf("afterwards: %v", after)
	if more := after.heap - before.heap; more > spareBytes {
		g.t.Errorf("%d KiB more on the heap than before", more>>10)
	}
}

// TestComeAndGo: two hundred joins and leaves leave nothing behind.
func TestComeAndGo(t *testing.T) {
	g := start(t)
	source := g.publish(lightClip(t), "live/door")
	g.waitLive("live/door")
	visit := func(n int) {
		for _, err := range g.several(n, "live/door", comeAndGo) {
			if err != nil {
				t.Error(err)
			}
		}
	}
	visit(crowd) // everything that is made once has been made
	pass(t, handshake)
	before := g.collected()
	begun, cpu := time.Now(), g.cpu()
	visit(crowd)
	t.Logf("%d joins and leaves in %v, %v of processor time each", crowd, time.Since(begun), (g.cpu()-cpu)/crowd)
	t.Logf("before: %v", before)
	g.cleared(before, heapSpare)
	if s, _ := g.stream("live/door"); s.Viewers != 0 {
		t.Errorf("%d viewers are still counted", s.Viewers)
	}
	source.running()
}
