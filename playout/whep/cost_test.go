package whep

import (
	"context"
	"sync"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/receiver"
	"millrace/transmux/rtc/sender"
)

// crowded is a house with so many viewers of live/x that are connected and at the live
// edge, with a fan that the test turns by hand.
type crowded struct {
	*house
	publisher    *bus.Publisher
	video, audio *av.Track
	fan          *fan
	burst        *sender.Burst
	viewers      int
}

func newCrowded(t *testing.T, viewers int) *crowded {
	t.Helper()
	h := newHouse(t, bus.Config{})
	p, err := h.hub.Publish("live/x", bus.PublisherInfo{Protocol: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c := &crowded{house: h, publisher: p, viewers: viewers}
	c.video, c.audio = p.SetTrack(avtest.H264Track()), p.SetTrack(avtest.OpusTrack())
	encoder := avtest.Encoder{Video: c.video, Audio: c.audio, Start: time.Now().Add(-time.Second)}
	for range 10 {
		p.Write(encoder.Next())
	}

	crew, err := receiver.New(receiver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = crew.Serve(ctx) })
	// From the end of this function on nobody reads, and nobody is told: the packets
	// go to sockets that are not looked at.
	defer work.Wait()
	defer cancel()
	for range viewers {
		v, err := crew.Watch(ctx, h.url+"live/x")
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-v.Connected():
		case <-v.Done():
			t.Fatal(v.Err())
		case <-time.After(20 * time.Second):
			t.Fatal("a viewer is not connected after 20 s")
		}
	}
	await(t, func() bool { return int(h.room.crowd.Load()) == viewers })
	c.takeOver(t)
	return c
}

// takeOver lets the fans end that there are, and puts all viewers into one that
// nobody runs.
func (c *crowded) takeOver(t *testing.T) {
	t.Helper()
	c.room.mu.Lock()
	c.fan = &fan{room: c.room, wake: make(chan struct{}, 1)}
	var all []*viewer
	for stream, fans := range c.room.fans {
		c.fan.stream = stream
		for _, f := range fans {
			all = append(all, f.list()...)
			f.viewers.Store(&[]*viewer{})
			f.nudge()
		}
	}
	for _, v := range all {
		v.fan.Store(c.fan)
	}
	c.fan.viewers.Store(&all)
	c.room.mu.Unlock()
	await(t, func() bool {
		c.room.mu.Lock()
		defer c.room.mu.Unlock()
		return len(c.room.fans) == 0
	})
	c.burst = c.room.transport.Burst()
	c.fan.serve(c.burst)
}

// picture is a delta frame of so many payloads of which all are equally long.
func (c *crowded) picture(n uint64, payloads int) *av.Frame {
	return avtest.Frame(c.video, av.Delta, n, time.Duration(n)*time.Second/30, payloads)
}

func (c *crowded) sound(n uint64) *av.Frame {
	return avtest.Frame(c.audio, av.Delta, n, time.Duration(n)*time.Second/30, 1)
}

// TestWhatAPacketCosts counts what must not grow: what a frame's packets allocate for
// each viewer, which is nothing, and the system calls that they take, which is one,
// with the sound that comes along.
func TestWhatAPacketCosts(t *testing.T) {
	const viewers, payloads, rounds = rideCrowd, 10, 50
	c := newCrowded(t, viewers)
	const frames = 2*rounds + 20
	pictures, sounds := make([]*av.Frame, frames), make([]*av.Frame, frames)
	for i := range frames {
		pictures[i], sounds[i] = c.picture(uint64(100+i), payloads), c.sound(uint64(100+i))
	}
	next := 0
	write := func() {
		c.publisher.Write(pictures[next])
		c.publisher.Write(sounds[next])
		next++
		c.fan.serve(c.burst)
	}
	for range 5 {
		write() // their first sound, and what is made once
	}

	before := c.port.Stats()
	allocs := testing.AllocsPerRun(rounds, write) // once more than it says
	after := c.port.Stats()

	// What is allowed is the ring's and the runtime's own, whoever watches.
	if most := 0.1 * viewers; allocs > most {
		t.Errorf("%.1f allocations for a picture and a sound to %d viewers", allocs, viewers)
	}
	packets, calls := after.Segments-before.Segments, after.Sends-before.Sends
	if want := uint64((rounds + 1) * viewers * (payloads + 1)); packets < want {
		t.Errorf("%d packets were sent, want %d", packets, want)
	}
	// A call each, and some for sender reports, which come every two seconds.
	reports := uint64(viewers) * uint64(soonReports)
	if most := uint64((rounds+1)*viewers) + reports; calls > most {
		t.Errorf("%d system calls for %d times a picture and a sound: at most %d were to be", calls, (rounds+1)*viewers, most)
	}
	t.Logf("%.2f allocations a frame to %d viewers; %.2f packets a call", allocs, viewers, float64(packets)/float64(calls))
}
