package diagnosis

import (
	"context"
	"net/netip"
	"time"

	"millrace/transmux/bus"
	"millrace/transmux/journal"
)

// Streams is what the room must know of the bus; *bus.Hub is one.
type Streams interface {
	Streams() []bus.Snapshot
	Stream(name string) (bus.Snapshot, bool)
}

// Config is where the room looks. What is nil is not known here.
type Config struct {
	Journal   *journal.Journal
	Source    func(stream string) (Source, bool)
	Transport func(peer netip.Addr) *Transport
	Cluster   func(ctx context.Context, stream string) *Cluster
	Limits    func(stream string) []Limit
	Draining  func() *Draining
	// ClockJumps counts those of a stream's publisher; false where it is not here.
	ClockJumps func(stream string) (uint64, bool)
	Ring       Ring
	Ports      Ports
}

// Room looks at streams' ways. Its methods are safe for concurrent use.
type Room struct {
	cfg     Config
	streams Streams
	judge   Judge

	refused, unreachable, connected Recent
}

// New makes a room.
func New(cfg Config, streams Streams, judge Judge) *Room {
	return &Room{cfg: cfg, streams: streams, judge: judge}
}

// Refused notes that somebody was not let in to publish, in words that hold no
// secret.
func (r *Room) Refused(stream, why string) { r.refused.Note(stream, why, time.Now()) }

// Connected notes that a viewer's packets came through.
func (r *Room) Connected(stream string) { r.connected.Note(stream, "", time.Now()) }

// Unreachable notes that a viewer had an answer and no packet of theirs came.
func (r *Room) Unreachable(stream string) { r.unreachable.Note(stream, "", time.Now()) }

// Diagnose looks at everything there is about the stream, which need not be there.
// It waits for other nodes at most as long as ctx.
func (r *Room) Diagnose(ctx context.Context, name string, caller Caller) Report {
	f := r.facts(ctx, name, caller)
	checks := f.Checks()
	return Report{Stream: name, At: f.Now.UTC().Truncate(time.Millisecond), Verdict: Worst(checks), Caller: caller, Checks: checks}
}

func (r *Room) facts(ctx context.Context, name string, caller Caller) *Facts {
	f := &Facts{Name: name, Now: time.Now(), Caller: caller, Judge: r.judge, Ring: r.cfg.Ring, Ports: r.cfg.Ports}
	if s, ok := r.streams.Stream(name); ok {
		f.Snapshot = &s
	} else {
		f.Names = r.names(caller)
	}
	f.Departure = departure(r.cfg.Journal, name)
	f.Refused, f.Unreachable = r.refused.Of(name, f.Now), r.unreachable.Of(name, f.Now)
	f.Connected = r.connected.Of(name, f.Now).Count
	if r.cfg.Source != nil {
		if s, ok := r.cfg.Source(name); ok {
			f.Source = &s
		}
	}
	if r.cfg.Transport != nil {
		f.Transport = r.cfg.Transport(caller.Address)
	}
	if r.cfg.Cluster != nil {
		f.Cluster = r.cfg.Cluster(ctx, name)
	}
	if r.cfg.Limits != nil {
		f.Limits = r.cfg.Limits(name)
	}
	if r.cfg.Draining != nil {
		f.Draining = r.cfg.Draining()
	}
	if r.cfg.ClockJumps != nil {
		if n, ok := r.cfg.ClockJumps(name); ok {
			f.ClockJumps = &n
		}
	}
	return f
}

// names are the live streams that the caller may see.
func (r *Room) names(caller Caller) []string {
	var names []string
	for _, s := range r.streams.Streams() {
		if s.Live && (caller.All || caller.Sees != nil && caller.Sees(s.Name)) {
			names = append(names, s.Name)
		}
	}
	return names
}

const (
	// lookBack is how many events are looked through for the last publisher: more
	// would be other streams' hours.
	lookBack = 2000
	page     = 250
)

// departure is how the stream's last publisher ended, newest first; nil if that is
// not kept.
func departure(j *journal.Journal, stream string) *Departure {
	last := j.Last()
	for seen := uint64(0); seen < lookBack && seen < last; seen += page {
		from := last - min(last, seen+page)
		events, _ := j.After(from, int(min(page, last-seen)))
		for i := len(events) - 1; i >= 0; i-- {
			if e := &events[i]; e.Stream == stream && e.Kind == journal.PublisherStopped {
				return &Departure{At: e.At, Protocol: e.Protocol, Remote: e.Remote, Cause: e.Cause}
			}
		}
	}
	return nil
}

// Checks are all that the facts call for, in the order of the way.
func (f *Facts) Checks() []Check {
	checks := []Check{f.publisher()}
	some := func(c *Check) {
		if c != nil {
			checks = append(checks, *c)
		}
	}
	some(f.credentials())
	if f.Snapshot != nil && f.Snapshot.Live {
		checks = append(checks, OfStream(f.Snapshot, f.Judge, f.Now)...)
		checks = append(checks, f.steadiness(), f.clock(), f.ring())
	}
	some(f.draining())
	some(f.cluster())
	checks = append(checks, f.limits(), f.addresses(), f.fallback(), f.connecting(), f.secure())
	if !f.Caller.All {
		checks = f.discreet(checks)
	}
	return checks
}

// discreet leaves out what is only for who may read everything: how full the gateway
// is, as long as nobody is kept out.
func (f *Facts) discreet(checks []Check) []Check {
	kept := checks[:0]
	for _, c := range checks {
		if c.ID == "limits" && c.Verdict != Bad {
			continue
		}
		kept = append(kept, c)
	}
	return kept
}
