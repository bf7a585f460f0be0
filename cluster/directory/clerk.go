package directory

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// The clerk is the one node that hears every node's beat, strikes out those that
// are silent, and sends the list of loads to all with each beat. So a thousand
// nodes are two thousand messages a second, not a million. Any node can be it;
// who is silent is replaced.
type clerk struct {
	place    Place // of the clerk, as the store has it
	revision uint64
	mine     bool
	since    time.Time // that it is mine
	beats    map[Session]heard
	burying  map[Session]bool
	roll     time.Time // when the last list came
	odd      int       // lists in a row that had other nodes in them than ours
	seizing  bool
}

type heard struct {
	at   time.Time
	load Load
}

// beat is what a node says with each beat.
type beat struct {
	ID      string  `json:"id"`
	Session Session `json:"session"`
	Viewers int     `json:"viewers"`
	Streams int     `json:"streams"`
	Bits    float64 `json:"bits"`
	CPU     float64 `json:"cpu"`
}

const (
	beatSubject = "beat"
	rollSubject = "roll"
	// clerkName is the only key of its kind.
	clerkName = "clerk"
	// oddRolls in a row mean that a change of the nodes was missed.
	oddRolls = 3
)

// heard is when a node was last known to live.
func (c *clerk) heard(s Session, at time.Time) {
	h := c.beats[s]
	h.at = at
	c.beats[s] = h
}

// onBeat is the clerk's handler of beats.
func (d *Directory) onBeat(m Message) {
	var b beat
	if json.Unmarshal(m.Data, &b) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.roster.bySession[b.Session] == nil {
		if h, asked := d.clerk.beats[b.Session]; !asked || time.Since(h.at) > oddRolls*d.cfg.Beat {
			d.clerk.heard(b.Session, time.Now())
			d.asyncLocked(func(ctx context.Context) { d.lookUp(ctx, b.ID) })
		}
		return
	}
	now := time.Now()
	d.clerk.beats[b.Session] = heard{now, Load{Viewers: b.Viewers, Streams: b.Streams, Bits: b.Bits, CPU: b.CPU, At: now}}
}

// onRoll takes the clerk's list.
func (d *Directory) onRoll(m Message) {
	from, sum, n, err := readRollHead(m.Data)
	if err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if from != d.clerk.place.Session && d.clerk.place.Live() && (d.clerk.mine || time.Since(d.clerk.roll) < oddRolls*d.cfg.Beat) {
		d.asyncLocked(d.readClerk) // there are two
		if d.clerk.mine {
			return
		}
	}
	now := time.Now()
	d.clerk.roll = now
	d.roster.roll, d.roster.rolled, d.roster.unread = m.Data, now, true
	if sum == d.roster.sum && n == len(d.roster.bySession) {
		d.clerk.odd = 0
		return
	}
	if d.clerk.odd++; d.clerk.odd >= oddRolls {
		d.clerk.odd = 0
		d.asyncLocked(func(ctx context.Context) { _ = d.census(ctx) })
	}
}

// judge is the clerk's work at each beat: the list to everybody, and a question
// to those who are silent.
func (d *Directory) judge() {
	now := time.Now()
	d.mu.Lock()
	roll := appendRollHead(nil, d.self.Session, d.roster.sum, len(d.roster.bySession))
	for s, p := range d.roster.bySession {
		h := d.clerk.beats[s]
		if s == d.self.Session {
			h = heard{now, d.load}
		}
		if h.at.IsZero() {
			h.at = now
			d.clerk.heard(s, now) // silence begins with the first look
		}
		roll = appendRollLine(roll, line{s, h.load, now.Sub(h.at)}, !h.load.At.IsZero())
		if now.Sub(h.at) > leaseBeats*d.cfg.Beat {
			d.asyncLocked(func(ctx context.Context) { d.bury(ctx, p.key) })
		}
	}
	for s, h := range d.clerk.beats {
		if d.roster.bySession[s] == nil && now.Sub(h.at) > graceBeats*d.cfg.Beat {
			delete(d.clerk.beats, s)
		}
	}
	d.clerk.roll = now
	d.roster.roll, d.roster.rolled, d.roster.unread = roll, now, true
	d.mu.Unlock()
	_ = d.store.Publish(rollSubject, roll) // the next one comes in a second
}

// standIn becomes the clerk if there is none.
func (d *Directory) standIn(ctx context.Context) {
	defer func() {
		d.mu.Lock()
		d.clerk.seizing = false
		d.mu.Unlock()
	}()
	e, err := d.get(ctx, kindClerk, clerkName)
	if err != nil {
		return
	}
	var p Place
	if e.Value != nil {
		_ = json.Unmarshal(e.Value, &p) // what cannot be read is written over
	}
	if p.Live() && p.Session != d.self.Session && d.holds(ctx, p, question{kindClerk, clerkName}) {
		d.learnClerk(e)
		return
	}
	mine := encode(Place{Stream: clerkName, Node: d.Self().ID, Session: d.Self().Session, Generation: p.Generation + 1})
	revision, err := d.write(ctx, kindClerk, clerkName, mine, e.Revision)
	if err != nil && !errors.Is(err, ErrConflict) {
		return
	}
	if err == nil {
		e = Entry{Key: e.Key, Value: mine, Revision: revision}
		d.learnClerk(e)
		d.mu.Lock()
		last := d.roster.bySession[p.Session]
		d.mu.Unlock()
		if last != nil {
			d.bury(ctx, last.key) // whoever is no clerk any more has most likely died
		}
		return
	}
	d.readClerk(ctx)
}

func (d *Directory) readClerk(ctx context.Context) {
	if e, err := d.get(ctx, kindClerk, clerkName); err == nil {
		d.learnClerk(e)
	}
}

// learnClerk takes in who the clerk is.
func (d *Directory) learnClerk(e Entry) {
	var p Place
	if e.Value != nil && json.Unmarshal(e.Value, &p) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Revision < d.clerk.revision {
		return
	}
	was, last := d.clerk.mine, d.clerk.place.Session
	if p.Session != d.clerk.place.Session && p.Live() {
		d.log.Debug("directory: clerk", "node", p.Node)
	}
	d.clerk.place, d.clerk.revision, d.clerk.mine = p, e.Revision, p.Session == d.self.Session
	d.clerk.roll = time.Now() // it has time to begin
	if d.clerk.mine && !was {
		d.clerk.since = time.Now()
		d.inheritLocked(last)
	}
	d.wake()
}

// inheritLocked takes over what the last clerk knew of who is silent. Of the last
// clerk itself its list tells: it was silent since.
func (d *Directory) inheritLocked(last Session) {
	now := time.Now()
	d.clerk.beats = make(map[Session]heard, len(d.roster.bySession))
	if d.roster.roll == nil {
		return
	}
	for l := range lines(d.roster.roll) {
		if l.load.At.IsZero() {
			continue
		}
		at := now.Add(-min(l.age, leaseBeats*d.cfg.Beat))
		if l.session == last {
			at = d.roster.rolled
		}
		d.clerk.beats[l.session] = heard{at, l.load}
	}
}
