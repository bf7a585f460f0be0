package e2e

import (
	"context"
	"testing"
	"time"
)

// decent is a publisher that does everything right, with numbered pictures, and
// its viewer.
type decent struct {
	client *rtmpClient
	number *numberer
	viewer *recorder
	cancel context.CancelFunc
	played chan error
}

func (g *gateway) decent(t *testing.T, name string) *decent {
	t.Helper()
	return g.decentFrom(t, name, 0, false)
}

// decentFrom begins at a timestamp, in one dialect of extended timestamps or the other.
func (g *gateway) decentFrom(t *testing.T, name string, from uint32, short bool) *decent {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c, err := dialRTMP(ctx, g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.shortExtended = short
	if err := c.publish(name); err != nil {
		t.Fatal(err)
	}
	d := &decent{client: c, number: &numberer{}, cancel: cancel, played: make(chan error, 1)}
	source := readClip(t, zeroLatency)
	go func() { d.played <- c.play(ctx, source, from, d.number.each) }()
	g.waitLive(name)
	d.viewer = g.watch(withDeadline(t, patience), name)
	if err := d.viewer.WaitKeyframe(withDeadline(t, patience)); err != nil {
		t.Fatal(err)
	}
	return d
}

// check ends it and wants every picture from the first on.
func (d *decent) check(t *testing.T) {
	t.Helper()
	d.viewer.more(t, 30)
	d.viewer.leave(t)
	d.cancel()
	if err := <-d.played; err != nil {
		t.Errorf("the decent publisher was thrown out: %v", err)
	}
	d.client.Close()
	<-d.client.gone
	d.viewer.flawless(t)
	d.number.compare(t, d.viewer.video(), time.Time{})
	t.Logf("the decent publisher's viewer had %d pictures", len(d.viewer.video()))
}

// TestTimestampWraps: a stream that has run for hours, in both dialects of
// extended timestamps, and one that has run for 49 days.
func TestTimestampWraps(t *testing.T) {
	g := start(t)
	const before = 2000 // milliseconds until it happens
	from := map[string]uint32{"extended": 0xFFFFFF - before, "short": 0xFFFFFF - before, "days": 1<<32 - before, "daysshort": 1<<32 - before}
	all := map[string]*decent{}
	for name, ms := range from {
		all[name] = g.decentFrom(t, "live/"+name, ms, name == "short" || name == "daysshort")
	}
	pass(t, 3*before*time.Millisecond)
	for name, d := range all {
		t.Run(name, func(t *testing.T) {
			d.check(t)
			units := d.viewer.video()
			first, last := units[60], units[len(units)-1] // from behind the cached GOP
			media := time.Duration(last.Timestamp-first.Timestamp) * time.Second / 90000
			if off := (media - last.Last.Sub(first.Last)).Abs(); off > 500*time.Millisecond {
				t.Errorf("RTP time went on by %v in %v", media, last.Last.Sub(first.Last))
			}
		})
	}
}

// TestNameTaken: a name is one publisher's, and the other is told so.
func TestNameTaken(t *testing.T) {
	g := start(t)
	d := g.decent(t, "live/taken")
	c, err := dialRTMP(withDeadline(t, patience), g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	err = c.publish("live/taken")
	if err == nil {
		t.Error("two publishers under one name")
	}
	t.Logf("the second one: %v", err)
	c.Close()
	<-c.gone
	d.check(t)
}
