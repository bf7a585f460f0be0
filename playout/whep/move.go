package whep

import (
	"context"
	"time"
)

const (
	// moveAtATime bounds how many viewers are asked to move before there is a
	// pause, and so what hits the other nodes: each of them begins a session.
	moveAtATime = 50
	movePause   = 50 * time.Millisecond
)

// viewers are all that have connected.
func (room *Room) viewers() []*viewer {
	room.mu.Lock()
	defer room.mu.Unlock()
	var all []*viewer
	for _, fans := range room.fans {
		for _, f := range fans {
			all = append(all, f.list()...)
		}
	}
	return all
}

// Move asks the viewers to begin new sessions elsewhere, some at a time: to gives
// the URL for a stream's endpoint, "" for none. Their sessions go on until they
// end them. It returns how many of them listen to that, when all are asked or ctx
// ends.
func (room *Room) Move(ctx context.Context, to func(stream string) string) int {
	asked := 0
	pause := time.NewTimer(movePause)
	defer pause.Stop()
	for _, v := range room.viewers() {
		if !v.audience.any.Load() || v.audience.destination() != "" {
			continue
		}
		url := to(v.stream.Name())
		if url == "" {
			continue
		}
		v.audience.move(url)
		if asked++; asked%moveAtATime != 0 {
			continue
		}
		pause.Reset(movePause)
		select {
		case <-ctx.Done():
			return asked
		case <-pause.C:
		}
	}
	return asked
}
