package directory

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestEverythingIsLost: the store comes back empty, and nobody notices.
func TestEverythingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, nodes := cluster(t, 3)
		c := claim(t, nodes[0], "live/demo")
		places, stop := nodes[1].Watch("live/demo")
		defer stop()
		next(t, places, time.Second)
		for _, silently := range []bool{true, false} {
			x.Forget()
			if !silently {
				for _, n := range nodes {
					n.line.Cut()
				}
				time.Sleep(time.Minute)
				if p, err := nodes[1].Locate(t.Context(), "live/demo"); err != nil || p != c.Place() {
					t.Errorf("while it is away: %+v, %v", p, err)
				}
				if h := nodes[1].Health(); h.Connected || h.Cause == "" {
					t.Errorf("it does not say so: %+v", h)
				}
				for i := range nodes {
					nodes[len(nodes)-1-i].line.Heal() // the holder comes last
					time.Sleep(time.Second)
				}
			}
			time.Sleep(30 * time.Second)
			if p, err := nodes[2].Locate(t.Context(), "live/demo"); err != nil || p != c.Place() {
				t.Errorf("after it was lost (silently: %v): %+v, %v", silently, p, err)
			}
			if len(nodes[2].Nodes()) != 3 || c.Err() != nil {
				t.Errorf("nodes %v, claim %v", nodes[2].Nodes(), c.Err())
			}
		}
		select {
		case p := <-places:
			t.Errorf("a watcher was told %+v", p)
		default:
		}
	})
}

// TestTwoHalves: one stream was published on both sides of a cut; the directory's
// own holder wins, and the other is told.
func TestTwoHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 3)
		nodes[0].line.Cut()
		trusted := claim(t, nodes[0], "live/both")
		own := claim(t, nodes[0], "live/own")
		if trusted.Confirmed() {
			t.Error("confirmed by nobody")
		}
		if h := nodes[0].Health(); h.Connected || h.Unsettled != 2 {
			t.Errorf("health: %+v", h)
		}
		known := claim(t, nodes[1], "live/both")
		time.Sleep(20 * time.Second)
		if _, there := nodes[1].Node("node0"); there {
			t.Error("the one that was cut off is still there for the others")
		}
		nodes[0].line.Heal()
		select {
		case <-trusted.Lost():
		case <-time.After(10 * time.Second):
			t.Fatal("the loser is not told")
		}
		if !errors.Is(trusted.Err(), ErrMoved) || known.Err() != nil {
			t.Errorf("loser %v, winner %v", trusted.Err(), known.Err())
		}
		time.Sleep(5 * time.Second)
		for _, n := range nodes {
			if p, err := n.Locate(t.Context(), "live/both"); err != nil || p != known.Place() {
				t.Errorf("%s: %+v, %v", n.Self().ID, p, err)
			}
			if p, err := n.Locate(t.Context(), "live/own"); err != nil || p.Node != "node0" || !own.Confirmed() {
				t.Errorf("%s: %+v, %v", n.Self().ID, p, err)
			}
			if len(n.Nodes()) != 3 {
				t.Errorf("%s knows %v", n.Self().ID, n.Nodes())
			}
		}
	})
}

// TestALaterClaimStands: a node that was cut off so long that its publisher went
// elsewhere hears of it when it is back.
func TestALaterClaimStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 3)
		old := claim(t, nodes[0], "live/demo")
		nodes[0].line.Cut()
		time.Sleep(10 * time.Second)
		c := claim(t, nodes[1], "live/demo")
		nodes[0].line.Heal()
		select {
		case <-old.Lost():
		case <-time.After(10 * time.Second):
			t.Fatal("the loser is not told")
		}
		if c.Err() != nil {
			t.Error(c.Err())
		}
	})
}

// TestTheClerkDies: another stands in, and loads are heard again.
func TestTheClerkDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 4)
		nodes[0].Report(Load{Viewers: 7, Bits: 1e6, CPU: 0.5})
		time.Sleep(3 * time.Second)
		if p, _ := nodes[1].Node("node0"); p.Load.Viewers != 7 || p.Load.CPU < 0.49 || p.Load.CPU > 0.51 {
			t.Fatalf("load %+v", p.Load)
		}
		clerk := nodes[1].Health().Clerk
		var left []*member
		for _, n := range nodes {
			if n.Self().ID == clerk {
				n.kill()
			} else {
				left = append(left, n)
			}
		}
		died := time.Now()
		left[0].Report(Load{Viewers: 9})
		for _, n := range left {
			for len(n.Nodes()) != 3 {
				changed := n.Changed()
				select {
				case <-changed:
				case <-time.After(20 * time.Second):
					t.Fatalf("%s: %v", n.Self().ID, n.Nodes())
				}
			}
		}
		t.Logf("the clerk's death was known after %s", time.Since(died))
		time.Sleep(3 * time.Second)
		if p, _ := left[1].Node(left[0].Self().ID); p.Load.Viewers != 9 {
			t.Errorf("load %+v", p.Load)
		}
	})
}

// mute is a store that takes no writes, as one is that has lost its leader.
type mute struct {
	*Memory
	writes atomic.Bool
}

func (m *mute) Write(ctx context.Context, kind Kind, name string, value []byte, revision uint64, ttl time.Duration) (uint64, error) {
	if !m.writes.Load() && kind == kindClaim {
		<-ctx.Done()
		return 0, ErrUnreachable
	}
	return m.Memory.Write(ctx, kind, name, value, revision, ttl)
}

// TestNobodyLeads: a stream whose origin died is found on its next one before the
// store can hold that.
func TestNobodyLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, nodes := cluster(t, 2)
		claim(t, nodes[0], "live/demo")
		places, stop := nodes[1].Watch("live/demo")
		defer stop()
		next(t, places, time.Second)
		store := &mute{Memory: x.Connect()}
		d := New(store, Node{ID: "third"}, Config{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = d.Serve(ctx) }()
		defer func() { cancel(); <-done }()
		time.Sleep(time.Second)

		nodes[0].kill()
		died := time.Now()
		c, err := d.Claim(t.Context(), "live/demo", nil)
		if err != nil || c.Confirmed() {
			t.Fatalf("claim: %v", err)
		}
		if p := next(t, places, time.Second); p != c.Place() {
			t.Errorf("told %+v", p)
		}
		if took := time.Since(died); took > 2*time.Second {
			t.Errorf("after %s", took)
		}
		time.Sleep(5 * time.Second)
		if p, err := nodes[1].Locate(t.Context(), "live/demo"); err != nil || p != c.Place() {
			t.Errorf("meanwhile: %+v, %v", p, err)
		}
		store.writes.Store(true)
		time.Sleep(20 * time.Second)
		if p, err := nodes[1].Locate(t.Context(), "live/demo"); err != nil || p != c.Place() || !c.Confirmed() {
			t.Errorf("when it can be written: %+v, %v", p, err)
		}
		select {
		case p := <-places:
			t.Errorf("a watcher was told %+v", p)
		default:
		}
	})
}

func TestDrainAndFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 2)
		nodes[0].Drain(true)
		time.Sleep(time.Second)
		if p, _ := nodes[1].Node("node0"); !p.Draining || p.TakesViewers() || p.TakesPublishers() {
			t.Errorf("%+v", p)
		}
		nodes[0].stop()
		synctest.Wait()
		if _, there := nodes[1].Node("node0"); there {
			t.Error("it left without a word")
		}
	})
}

// TestLeavingAtOnce: a node that drains, and has nobody to let go, leaves while it
// still says that it drains. That must not keep the others from hearing that it left.
func TestLeavingAtOnce(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			x, nodes := cluster(t, 2)
			nodes[0].Drain(true)
			nodes[0].stop()
			synctest.Wait()
			if _, there := nodes[1].Node("node0"); there {
				t.Fatal("it left without a word")
			}
			join(t, x, Node{ID: "node0", Role: RoleAny})
			time.Sleep(100 * time.Millisecond)
			if p, there := nodes[1].Node("node0"); !there || p.Draining {
				t.Fatalf("it is not back: %+v, %v", p, there)
			}
		})
	}
}

func TestOneIDTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, _ := cluster(t, 2)
		d := New(x.Connect(), Node{ID: "node1"}, Config{}, nil)
		if err := d.Serve(t.Context()); !errors.Is(err, ErrNameInUse) {
			t.Errorf("%v", err)
		}
	})
}

// TestARestart: a node that comes back under its name owns nothing of its past.
func TestARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, nodes := cluster(t, 2)
		claim(t, nodes[0], "live/demo")
		places, stop := nodes[1].Watch("live/demo")
		defer stop()
		next(t, places, time.Second)
		nodes[0].kill()
		again := join(t, x, Node{ID: "node0", Role: RoleAny})
		if p := next(t, places, 3*time.Second); p.Live() {
			t.Errorf("%+v", p)
		}
		c := claim(t, again, "live/demo")
		if p := next(t, places, time.Second); p != c.Place() {
			t.Errorf("%+v", p)
		}
	})
}

func TestClaimIsDoneWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 2)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := nodes[0].Claim(ctx, "live/demo", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if nodes[0].Health().Claims != 0 {
			t.Error("it claims all the same")
		}
	})
}
