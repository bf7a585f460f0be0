package bus_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestKeptStreamWaitsForItsPublisher plays a camera that is away for an hour.
func TestKeptStreamWaitsForItsPublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		release := r.hub.Keep(name)
		defer release()
		rec := avtest.Record(t, r.join(), nil)
		r.play(2500 * time.Millisecond)
		stream := r.pub.Stream()
		r.pub.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if err := stream.Err(); err != nil {
			t.Fatalf("a kept stream with a viewer ended: %v", err)
		}
		r.publish()
		if r.pub.Stream() != stream {
			t.Fatal("not continued")
		}
		r.play(1500 * time.Millisecond)
		checkViewer(t, rec.Frames())
	})
}

func TestKeptStreamEnds(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(release func(), viewer *bus.Subscriber)
	}{
		{"with its last viewer", func(_ func(), viewer *bus.Subscriber) { viewer.Close() }},
		{"once it is released", func(release func(), _ *bus.Subscriber) { release(); release() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, bus.Config{})
				release := r.hub.Keep(name)
				defer release()
				viewer := subscribe(t, r.hub)
				stream := r.pub.Stream()
				r.pub.Close()
				time.Sleep(time.Minute)
				tc.end(release, viewer)
				time.Sleep(16 * time.Second) // the linger that is under way
				synctest.Wait()
				if !errors.Is(stream.Err(), bus.ErrEnded) {
					t.Fatalf("it is there still: %v", stream.Err())
				}
			})
		})
	}
}

func TestKeptStreamWithoutViewersEndsAtOnce(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	defer hub.Keep(name)()
	p := publish(t, hub)
	p.Close()
	if !errors.Is(p.Stream().Err(), bus.ErrEnded) {
		t.Fatalf("it is there still: %v", p.Stream().Err())
	}
}

func TestOnClose(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	publish(t, hub)
	sub := subscribe(t, hub)
	var heard []int
	sub.OnClose(func() { heard = append(heard, 1) })
	sub.OnClose(func() { heard = append(heard, 2) })
	sub.Close()
	sub.Close()
	if len(heard) != 2 || heard[0] != 1 || heard[1] != 2 {
		t.Fatalf("heard %v", heard)
	}
}

func TestUnavailableIsNotLive(t *testing.T) {
	var err error = &bus.Unavailable{Reason: "The camera is off."}
	if !errors.Is(err, bus.ErrNotLive) || errors.Is(err, bus.ErrEnded) {
		t.Fatal(err)
	}
}
