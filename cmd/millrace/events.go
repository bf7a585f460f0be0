package main

import (
	"fmt"

	"millrace/ingest"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
	"millrace/transmux/journal"
)

// What happens is told to the journal: of publishers and viewers by the ledger, of
// everything else by the observers in this file, so that no room need know the
// journal.

// furnishEvents makes those that more than one room needs.
func (g *gateway) furnishEvents() {
	g.tracks = newTrackTeller(g.ledger)
	g.doors = append(g.doors, task{"tracks", g.tracks.run})
}

// derivedTeller is told by transmux/derive.
type derivedTeller struct{ journal *journal.Journal }

// Derived is derive.Observer's.
func (t derivedTeller) Derived(c derive.Change) {
	kinds := map[string]journal.Kind{
		derive.Started: journal.DerivedStarted, derive.Failed: journal.DerivedFailed, derive.Stopped: journal.DerivedStopped,
	}
	t.journal.Tell(journal.Event{Kind: kinds[c.What], Stream: c.Stream, Cause: c.Cause, Detail: c.String()})
}

// sourceTeller is told by ingest/pull.
type sourceTeller struct{ journal *journal.Journal }

// Up is pull.Observer's.
func (t sourceTeller) Up(s ingest.Source) { t.tell(journal.SourceUp, s, "") }

// Down is pull.Observer's.
func (t sourceTeller) Down(s ingest.Source, cause string) { t.tell(journal.SourceDown, s, cause) }

func (t sourceTeller) tell(kind journal.Kind, s ingest.Source, cause string) {
	t.journal.Tell(journal.Event{
		Kind: kind, Stream: s.Name, Protocol: s.URL.Scheme, Remote: s.URL.Host, Cause: cause, Detail: s.Redacted(),
	})
}

// tellDrain tells that a drain begins.
func (g *gateway) tellDrain() {
	here := g.leaving.State()
	g.journal.Tell(journal.Event{
		Kind:   journal.DrainStarted,
		Detail: fmt.Sprintf("%d viewers, %d publishers and %d other nodes' fetches are to go", here.Viewers, here.Publishers, here.Children),
	})
}

// toldDoor is the door with somebody who looks at what publishers send.
type toldDoor struct {
	*door
	tracks *trackTeller
}

// Publish is the door's.
func (d toldDoor) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	p, err := d.door.Publish(name, info)
	if err == nil {
		d.tracks.watch(p)
	}
	return p, err
}
