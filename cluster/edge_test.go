package cluster_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
)

// TestCrowd: three hundred at once are one pull, which ends some time after the
// last of them.
func TestCrowd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin, edge := h.node("origin", nil), h.node("edge", nil)
	s := origin.publish()
	var wg sync.WaitGroup
	subs := make([]*bus.Subscriber, 300)
	errs := make([]error, len(subs))
	begun := time.Now()
	for i := range subs {
		wg.Go(func() { subs[i], errs[i] = edge.Subscribe(t.Context(), name) })
	}
	wg.Wait()
	t.Logf("all in after %v", time.Since(begun).Round(time.Millisecond))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	_, feeds := origin.Stats()
	edges, _ := edge.Stats()
	if feeds.Opened != 1 || feeds.Children != 1 || edges.Pulls != 1 {
		t.Errorf("%+v %+v", feeds, edges)
	}
	for _, sub := range subs[1:] {
		sub.Close()
	}
	subs[0].Follow(1, 2)
	for range 100 {
		if _, err := subs[0].Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	subs[0].Close()
	h.wait("the linger", func() bool { e, _ := edge.Stats(); _, f := origin.Stats(); return e.Active == 0 && f.Children == 0 })
	if _, there := edge.hub.Stream(name); there {
		t.Error("the mirror is there still")
	}
	edge.watch().Wait(10) // and it can be had again
	s.stop()
}

// TestNotThere: who comes too early is told so at once, and finds the stream within
// a second of its start.
func TestNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin, edge := h.node("origin", nil), h.node("edge", nil)
	begun := time.Now()
	if _, err := edge.Subscribe(t.Context(), name); !errors.Is(err, bus.ErrNotLive) {
		t.Fatalf("%v", err)
	}
	if took := time.Since(begun); took > patience/10 {
		t.Errorf("told after %v", took)
	}
	if _, err := edge.Subscribe(t.Context(), "../etc"); !errors.Is(err, bus.ErrBadName) {
		t.Errorf("%v", err)
	}
	origin.publish()
	begun = time.Now()
	edge.watch().Wait(1)
	took := time.Since(begun)
	t.Logf("found and shown after %v", took.Round(time.Millisecond))
	if strict() && took > time.Second {
		t.Errorf("found after %v", took)
	}
}

// TestOver: what ends at the origin ends everywhere.
func TestOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin, edge := h.node("origin", nil), h.node("edge", nil)
	s := origin.publish()
	viewer := edge.watch()
	viewer.Wait(10)
	s.stop()
	h.wait("not live", func() bool { snap, ok := edge.hub.Stream(name); return !ok || !snap.Live })
	origin.hub.Close()
	h.wait("the end", func() bool { snap, ok := edge.hub.Stream(name); return !ok || !snap.Live })
}

// TestWishesAndKeyframesTravelUp: from the viewer at the edge to the origin.
func TestWishesAndKeyframesTravelUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin, relay, edge := h.node("origin", chain), h.node("relay", chain), h.node("edge", chain)
	s := origin.publish()
	relay.watch().Wait(1)
	sub := edge.subscribe()
	defer sub.Close()
	stream := sub.Stream()
	release := edge.Deriver().Want(stream, derive.Taking(av.Opus, av.PCMU))
	h.wait("the wish", func() bool { return origin.deriver.count(av.PCMU, av.Opus) == 1 })
	if relay.deriver.count(av.PCMU, av.Opus)+edge.deriver.count(av.Opus, av.PCMU) != 0 {
		t.Error("derived on the way too")
	}
	// What is derived there is here too, with what it is made of.
	audio := s.pub.Stream().Catalog().Tracks[1]
	d := s.pub.Stream().Derive(av.Track{Kind: av.Audio, Codec: av.Opus, SampleRate: 48000, Channels: 2, DerivedFrom: audio.ID})
	h.wait("the derived track", func() bool {
		for _, t := range stream.Catalog().Tracks {
			if t.Codec == av.Opus && t.DerivedFrom == audio.ID && t.ID == d.Track().ID {
				return true
			}
		}
		return false
	})
	d.Close()
	h.wait("its end", func() bool { return len(stream.Catalog().Tracks) == 2 })
	release()
	h.wait("the wish's end", func() bool { return origin.deriver.count(av.PCMU, av.Opus) == 0 })

	asked := 0
	h.wait("a keyframe being asked for", func() bool {
		stream.RequestKeyframe()
		select {
		case <-s.pub.KeyframeRequests():
			asked++
		default:
		}
		return asked > 0
	})
	snap := stream.Snapshot()
	if snap.Publisher.Remote != "origin" || !snap.Publisher.Refreshes {
		t.Errorf("published by %+v", snap.Publisher)
	}
	// Who watches where the stream was pulled goes on where it is published, wishes
	// and all.
	release = edge.Deriver().Want(stream, derive.Taking(av.Opus))
	defer release()
	h.wait("the wish", func() bool { return origin.deriver.count(av.Opus) == 1 })
	s.stop()
	edge.publish()
	h.wait("the wish here", func() bool { return edge.deriver.count(av.Opus) == 1 })
	h.wait("no wish there", func() bool { return origin.deriver.count(av.Opus) == 0 })
}

// TestLoopIsRefused: by the parent, which knows its own way.
func TestLoopIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	origin, relay := h.node("origin", nil), h.node("relay", nil)
	origin.publish()
	relay.watch().Wait(1)
	for _, tt := range []struct {
		hello  wire.Hello
		reason string
	}{
		{wire.Hello{Version: wire.Version, Child: wire.Hop{Node: "origin"}, Stream: name}, wire.Loop},
		{wire.Hello{Version: wire.Version, Child: wire.Hop{Node: "relay"}, Stream: name}, wire.Loop},
		{wire.Hello{Version: wire.Version, Child: wire.Hop{Node: "x"}, Stream: "live/other"}, wire.Unknown},
		{wire.Hello{Version: wire.Version, Child: wire.Hop{Node: "x"}, Stream: name, Origin: "y"}, wire.Stale},
		{wire.Hello{Version: wire.Version, Child: wire.Hop{Node: "x"}, Stream: name, Epoch: 1 << 62}, wire.Stale},
		{wire.Hello{Version: wire.Version + 1, Child: wire.Hop{Node: "x"}, Stream: name}, wire.Foreign},
	} {
		if got := ask(t, origin.endpoint, relay, &tt.hello); got != tt.reason {
			t.Errorf("%+v: %q instead of %q", tt.hello, got, tt.reason)
		}
	}
}

// ask says hello and returns the reason of the refusal.
func ask(t *testing.T, from *wire.Endpoint, to *node, hello *wire.Hello) (reason string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := from.Dial(ctx, to.endpoint.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { l.Close(nil) })
	defer stop()
	if err := l.Send(hello); err != nil {
		t.Fatal(err)
	}
	_ = l.Run(func(m any) error {
		if no, ok := m.(*wire.Refusal); ok {
			reason = no.Reason
		}
		return wire.ErrClosed
	})
	return reason
}
