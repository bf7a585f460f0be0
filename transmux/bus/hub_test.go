package bus_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func TestDoor(t *testing.T) {
	hub := bus.New(bus.Config{})
	if _, err := hub.Publish("a//b", bus.PublisherInfo{}); !errors.Is(err, bus.ErrBadName) {
		t.Errorf("publish a bad name: %v", err)
	}
	if _, err := hub.Subscribe(t.Context(), ""); !errors.Is(err, bus.ErrBadName) {
		t.Errorf("subscribe a bad name: %v", err)
	}
	if _, err := hub.Subscribe(t.Context(), name); !errors.Is(err, bus.ErrNotLive) {
		t.Errorf("subscribe what is not there: %v", err)
	}
	pub := publish(t, hub)
	if _, err := hub.Publish(name, bus.PublisherInfo{}); !errors.Is(err, bus.ErrNameTaken) {
		t.Errorf("publish twice: %v", err)
	}
	sub := subscribe(t, hub)
	changed := sub.Stream().Changed()
	hub.Close()
	hub.Close()
	if !closed(pub.Done()) || !errors.Is(pub.Err(), bus.ErrShutdown) {
		t.Errorf("publisher after Close: %v", pub.Err())
	}
	if !closed(changed) || !closed(sub.Stream().Changed()) || !errors.Is(sub.Stream().Err(), bus.ErrShutdown) {
		t.Errorf("stream after Close: %v", sub.Stream().Err())
	}
	if _, err := hub.Publish(name, bus.PublisherInfo{}); !errors.Is(err, bus.ErrShutdown) {
		t.Errorf("publish after Close: %v", err)
	}
	if _, err := hub.Subscribe(t.Context(), name); !errors.Is(err, bus.ErrShutdown) {
		t.Errorf("subscribe after Close: %v", err)
	}
	pub.Close()
}

// TestLinger plays a publisher that comes back in time: the viewer goes on in
// the same stream at the first keyframe, and its time does not run backwards.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		r.play(2500 * time.Millisecond)
		stream := r.pub.Stream()
		r.pub.Close()
		r.pub.Close()
		if r.pub.Err() != nil || closed(r.pub.Done()) {
			t.Errorf("a publisher that closes is not ended by the bus: %v", r.pub.Err())
		}
		if c := stream.Catalog(); c.Live || len(c.Tracks) != 2 {
			t.Errorf("lingering: live %v, %d tracks", c.Live, len(c.Tracks))
		}
		if _, err := r.hub.Subscribe(t.Context(), name); !errors.Is(err, bus.ErrNotLive) {
			t.Errorf("subscribe while it lingers: %v", err)
		}
		time.Sleep(14900 * time.Millisecond)
		old := r.video.ID
		r.publish()
		if r.pub.Stream() != stream || r.snapshot().Generation != 2 || r.video.ID == old {
			t.Fatal("not continued")
		}
		r.play(1500 * time.Millisecond)
		time.Sleep(15 * time.Second) // an old timer must not end it
		synctest.Wait()
		if stream.Err() != nil {
			t.Fatalf("ended: %v", stream.Err())
		}
		checkViewer(t, rec.Frames())
	})
}

func TestLingerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		r.play(time.Second)
		r.pub.Close()
		time.Sleep(14999 * time.Millisecond)
		if err := rec.Err(); err != nil {
			t.Errorf("ended too early: %v", err)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if !errors.Is(rec.Err(), bus.ErrEnded) {
			t.Errorf("ended with %v", rec.Err())
		}
		if n := len(r.hub.Streams()); n != 0 {
			t.Errorf("%d streams are left", n)
		}
		r.publish()
		if r.snapshot().Generation != 1 {
			t.Error("a new stream begins at generation 1")
		}
	})
}

func TestNoLingerWithoutViewers(t *testing.T) {
	r := newRig(t, bus.Config{})
	sub := r.join()
	tap := r.pub.Stream().Tap()
	sub.Close()
	sub.Close()
	r.pub.Close()
	if err := tap.Stream().Err(); !errors.Is(err, bus.ErrEnded) {
		t.Errorf("stream without viewers: %v", err)
	}
}

func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		r.play(time.Second)
		time.Sleep(4900 * time.Millisecond)
		if _, err := r.hub.Publish(name, bus.PublisherInfo{}); !errors.Is(err, bus.ErrNameTaken) {
			t.Fatalf("before its time: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
		old, tracks, late := r.pub, r.video, r.next
		r.publish()
		if !closed(old.Done()) || !errors.Is(old.Err(), bus.ErrTakenOver) {
			t.Errorf("the silent publisher: %v", old.Err())
		}
		r.play(500 * time.Millisecond)
		late.Track = tracks
		old.Write(late) // it wakes up
		old.SetTrack(avtest.AACTrack())
		old.SetEncoder("ghost")
		old.Close()
		r.play(500 * time.Millisecond)
		synctest.Wait()
		snap := r.snapshot()
		if !snap.Live || len(snap.Tracks) != 2 || snap.Generation != 2 || snap.Publisher.Encoder != "" {
			t.Errorf("the old publisher still has a say: %+v", snap)
		}
		checkViewer(t, rec.Frames())
	})
}

// TestSilenceFromTheStart: a publisher that never wrote is silent since it began.
func TestSilenceFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := bus.New(bus.Config{Silence: time.Second})
		old := publish(t, hub)
		time.Sleep(time.Second)
		pub := publish(t, hub)
		if !errors.Is(old.Err(), bus.ErrTakenOver) || pub.Err() != nil {
			t.Errorf("old %v, new %v", old.Err(), pub.Err())
		}
	})
}

func TestTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		r.join()
		r.play(990 * time.Millisecond)
		snap, totals := r.snapshot(), r.hub.Totals()
		want := bus.Totals{Publishers: 1, Subscribers: 1, Frames: 80, Bytes: snap.Bytes, KeyframeRequests: 1}
		if totals != want || snap.Frames != 80 || snap.Viewers != 1 {
			t.Errorf("%+v, want %+v; snapshot %+v", totals, want, snap)
		}
	})
}
