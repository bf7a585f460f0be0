package pull

import (
	"context"
	"sync"

	"millrace/transmux/bus"
)

// Hold joins a stream for somebody who passes it on, as Hub.Hold does; a source's
// that is not fetched is begun to be, and waited for, as for Subscribe. It goes on
// until release, which may be called more than once.
func (r *Room) Hold(ctx context.Context, name string) (s *bus.Stream, release func(), err error) {
	f := r.feed(name)
	if f == nil {
		return r.hub.Hold(name)
	}
	sub, err := f.await(ctx, f.attend())
	if err != nil {
		f.leave()
		return nil, nil, err
	}
	defer sub.Close()
	s, letGo, err := r.hub.Hold(name)
	if err != nil {
		f.leave()
		return nil, nil, err
	}
	return s, sync.OnceFunc(func() { letGo(); f.leave() }), nil
}

// Names are those of all sources, in no order.
func (r *Room) Names() []string {
	all := r.all()
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.name
	}
	return names
}
