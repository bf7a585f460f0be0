package edge

import (
	"context"
	"time"

	"millrace/cluster/directory"
)

// again is how often a stream that has lost its node is asked for among those that
// could begin it.
const again = time.Second

// offered finds a node that can begin a stream which no node has: why is what is
// told if there is none, or only this one.
func (r *Room) offered(ctx context.Context, name string, why error) (directory.Place, error) {
	place, err := r.dir.Offered(ctx, name)
	if err != nil || place.Node == r.cfg.Self().Node {
		return directory.Place{Stream: name}, why
	}
	return place, nil
}

// resort looks for a node that can begin the stream anew, when the one that had it
// is gone.
func (p *pull) resort(ctx context.Context, now time.Time, alone bool) {
	_, mirror := p.state()
	if !alone || mirror == nil {
		return
	}
	p.again = now.Add(again)
	result := make(chan found, 1)
	p.found = result
	p.room.work.Go(func() {
		place, err := p.room.offered(ctx, p.name, errAlone)
		result <- found{err, place}
	})
}
