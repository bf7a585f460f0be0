package directory

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestOffer: who can begin a stream is found by those who ask for it, for as long as
// it offers it, and nobody else is.
func TestOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 3)
		withdraw, err := nodes[0].Offer("live/camera")
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		p, err := nodes[1].Offered(t.Context(), "live/camera")
		if err != nil || p.Node != "node0" || !p.Live() || p.Generation != 0 {
			t.Errorf("offered by %+v, %v", p, err)
		}
		if _, err := nodes[1].Offered(t.Context(), "live/other"); !errors.Is(err, ErrUnknown) {
			t.Errorf("what nobody offers: %v", err)
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("the answers took %v", waited)
		}
		if _, err := nodes[1].Locate(t.Context(), "live/camera"); !errors.Is(err, ErrUnknown) {
			t.Errorf("an offer is taken for a publisher: %v", err)
		}

		nodes[1].line.Cut()
		if p, err := nodes[1].Offered(t.Context(), "live/camera"); err != nil || p.Node != "node0" {
			t.Errorf("without the directory: %+v, %v", p, err)
		}
		nodes[1].line.Heal()
		withdraw()
		time.Sleep(time.Second)
		if p, err := nodes[1].Offered(t.Context(), "live/camera"); !errors.Is(err, ErrUnknown) {
			t.Errorf("after it was withdrawn: %+v, %v", p, err)
		}
	})
}

// TestANodeThatDrainsOffersNothing: another one that can begin the stream is found.
func TestANodeThatDrainsOffersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 3)
		for _, n := range nodes[:2] {
			if _, err := n.Offer("live/camera"); err != nil {
				t.Fatal(err)
			}
		}
		nodes[1].Drain(true)
		time.Sleep(time.Second)
		if p, err := nodes[2].Offered(t.Context(), "live/camera"); err != nil || p.Node != "node0" {
			t.Errorf("%+v, %v", p, err)
		}
		nodes[0].kill()
		time.Sleep(10 * time.Second)
		if p, err := nodes[2].Offered(t.Context(), "live/camera"); !errors.Is(err, ErrUnknown) {
			t.Errorf("of a dead node: %+v, %v", p, err)
		}
	})
}

// TestTheNodesAreAskedWhileNobodyLeads: while the store's servers elect their leader, a stream that is
// published meanwhile is found by asking the nodes.
func TestTheNodesAreAskedWhileNobodyLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, nodes := cluster(t, 3)
		old := claim(t, nodes[0], "live/old")
		x.Halt(true)
		c := claim(t, nodes[0], "live/new")
		if c.Confirmed() {
			t.Error("confirmed by nobody")
		}
		for _, want := range []*Claim{old, c} {
			begun := time.Now()
			if p, err := nodes[2].Locate(t.Context(), want.Place().Stream); err != nil || p != want.Place() {
				t.Errorf("found %+v, %v", p, err)
			}
			if waited := time.Since(begun); waited > time.Second {
				t.Errorf("it took %v", waited)
			}
		}
		begun := time.Now()
		if p, err := nodes[2].Locate(t.Context(), "live/none"); !errors.Is(err, ErrUnreachable) {
			t.Errorf("what nobody has: %+v, %v", p, err)
		}
		if waited := time.Since(begun); waited > 2*time.Second {
			t.Errorf("it took %v", waited)
		}
		x.Halt(false)
		time.Sleep(15 * time.Second)
		if p, err := nodes[1].Locate(t.Context(), "live/new"); err != nil || p.Node != "node0" || !c.Confirmed() {
			t.Errorf("afterwards: %+v, %v", p, err)
		}
	})
}

// TestAClaimOnTrustIsFound: the store takes no writes but is read, and says that there
// is no such stream; its node answers for it until it can be written.
func TestAClaimOnTrustIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, nodes := cluster(t, 2)
		store := &mute{Memory: x.Connect()}
		d := New(store, Node{ID: "third"}, Config{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = d.Serve(ctx) }()
		defer func() { cancel(); <-done }()
		time.Sleep(time.Second)
		c, err := d.Claim(t.Context(), "live/trusted", nil)
		if err != nil || c.Confirmed() {
			t.Fatalf("claim: %v", err)
		}
		if _, err := nodes[0].Locate(t.Context(), "live/trusted"); !errors.Is(err, ErrUnknown) {
			t.Fatalf("located: %v", err)
		}
		for range 2 {
			if p, err := nodes[0].Offered(t.Context(), "live/trusted"); err != nil || p != c.Place() {
				t.Errorf("asked: %+v, %v", p, err)
			}
		}
		if p, err := nodes[0].Locate(t.Context(), "live/trusted"); err != nil || p != c.Place() {
			t.Errorf("afterwards: %+v, %v", p, err)
		}
		store.writes.Store(true)
		time.Sleep(20 * time.Second)
		if p, err := nodes[1].Locate(t.Context(), "live/trusted"); err != nil || p != c.Place() || !c.Confirmed() {
			t.Errorf("once it is written: %+v, %v", p, err)
		}
		if p, err := nodes[1].Offered(t.Context(), "live/trusted"); !errors.Is(err, ErrUnknown) {
			t.Errorf("it is offered still: %+v, %v", p, err)
		}
	})
}
