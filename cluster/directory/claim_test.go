package directory

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAClaimIsSeenEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 3)
		if _, err := nodes[1].Locate(t.Context(), "live/demo"); !errors.Is(err, ErrUnknown) {
			t.Fatalf("before: %v", err)
		}
		places, stop := nodes[1].Watch("live/demo")
		defer stop()
		if p := next(t, places, time.Second); p.Live() {
			t.Fatalf("before: %+v", p)
		}
		c := claim(t, nodes[0], "live/demo")
		if !c.Confirmed() {
			t.Error("not confirmed")
		}
		if p := next(t, places, time.Second); p != c.Place() {
			t.Errorf("watched %+v, want %+v", p, c.Place())
		}
		if p, err := nodes[2].Locate(t.Context(), "live/demo"); err != nil || p != c.Place() {
			t.Errorf("located %+v, %v", p, err)
		}
		c.Release()
		if p := next(t, places, time.Second); p.Live() {
			t.Errorf("after: %+v", p)
		}
		if err := c.Err(); !errors.Is(err, ErrReleased) {
			t.Error(err)
		}
		again := claim(t, nodes[2], "live/demo")
		if again.Place().Generation <= c.Place().Generation {
			t.Error("the generation does not grow")
		}
		if p := next(t, places, time.Second); p != again.Place() {
			t.Errorf("then %+v", p)
		}
	})
}

func TestTwoPublishersOfOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 3)
		errs := make(chan error, 2)
		claims := make(chan *Claim, 2)
		for _, n := range nodes[:2] {
			go func() {
				c, err := n.Claim(t.Context(), "live/demo", nil)
				errs <- err
				claims <- c
			}()
		}
		one, other := <-errs, <-errs
		if (one == nil) == (other == nil) {
			t.Fatalf("%v and %v", one, other)
		}
		lost := errors.Join(one, other)
		winner := <-claims
		if winner == nil {
			winner = <-claims
		}
		var taken *TakenError
		if !errors.As(lost, &taken) || taken.Holder.Node != winner.Place().Node {
			t.Errorf("%v, and %+v has it", lost, winner.Place())
		}
	})
}

// TestAPublisherThatMoved: the node that it left says so when it is asked.
func TestAPublisherThatMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 2)
		gone := false
		old, err := nodes[0].Claim(t.Context(), "live/demo", func() bool { return !gone })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nodes[1].Claim(t.Context(), "live/demo", nil); !errors.Is(err, ErrTaken) {
			t.Fatalf("while it is there: %v", err)
		}
		gone = true
		c := claim(t, nodes[1], "live/demo")
		select {
		case <-old.Lost():
		case <-time.After(time.Second):
			t.Fatal("the old claim goes on")
		}
		if !errors.Is(old.Err(), ErrMoved) || c.Place().Generation <= old.Place().Generation {
			t.Errorf("%v; %+v after %+v", old.Err(), c.Place(), old.Place())
		}
	})
}

func TestAClaimAnewOnTheSameNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 2)
		old := claim(t, nodes[0], "live/demo")
		c := claim(t, nodes[0], "live/demo")
		<-old.Lost()
		if !errors.Is(old.Err(), ErrSucceeded) || c.Place().Generation <= old.Place().Generation {
			t.Errorf("%v; %+v after %+v", old.Err(), c.Place(), old.Place())
		}
		old.Release()
		time.Sleep(time.Second)
		if p, err := nodes[1].Locate(t.Context(), "live/demo"); err != nil || p != c.Place() {
			t.Errorf("the old one's release took the new one along: %+v, %v", p, err)
		}
	})
}

// TestTheOriginDies: its stream can be claimed at once, and is nowhere for those
// who watch it soon after if nobody does.
func TestTheOriginDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 4)
		old := claim(t, nodes[0], "live/moves")
		claim(t, nodes[0], "live/ends")
		moves, stop := nodes[1].Watch("live/moves")
		defer stop()
		ends, stop := nodes[1].Watch("live/ends")
		defer stop()
		next(t, moves, time.Second)
		next(t, ends, time.Second)

		nodes[0].kill()
		died := time.Now()
		c := claim(t, nodes[2], "live/moves")
		if took := time.Since(died); took > 1500*time.Millisecond {
			t.Errorf("the new claim took %s", took)
		}
		if p := next(t, moves, time.Second); p != c.Place() || p.Generation <= old.Place().Generation {
			t.Errorf("moved to %+v", p)
		}
		if p := next(t, ends, 10*time.Second); p.Live() {
			t.Errorf("%+v", p)
		}
		if took := time.Since(died); took > 8*time.Second {
			t.Errorf("it was told after %s", took)
		}
	})
}

func TestSuspectIsAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes := cluster(t, 4)
		claim(t, nodes[3], "live/demo")
		places, stop := nodes[1].Watch("live/demo")
		defer stop()
		next(t, places, time.Second)
		nodes[1].Suspect("node0") // it lives, and stays
		nodes[3].kill()
		nodes[1].Suspect("node3")
		if p := next(t, places, 2*time.Second); p.Live() {
			t.Errorf("%+v", p)
		}
		time.Sleep(time.Second) // the watchers are told by whoever struck it out; word of that travels
		if _, there := nodes[2].Node("node0"); !there {
			t.Error("a suspect that answers was struck out")
		}
		if _, there := nodes[2].Node("node3"); there {
			t.Error("the others have not heard of it")
		}
	})
}
