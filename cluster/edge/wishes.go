package edge

import (
	"sync"

	"millrace/cluster/wire"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
)

// wishes are what the viewers and children of this node can take, by stream. Those
// of a stream that is published here go to the deriver, the others to the parent.
type wishes struct {
	mu  sync.Mutex
	all map[*bus.Stream]map[*wish]struct{}
}

// wish is one call of Want.
type wish struct {
	offer   derive.Offer
	release func() // of the deriver here; nil while the wish is a parent's business
}

func newWishes() wishes { return wishes{all: make(map[*bus.Stream]map[*wish]struct{})} }

// Want says that somebody with that offer watches the stream; see
// derive.Room, which is asked where the stream is published.
func (r *Room) Want(s *bus.Stream, o derive.Offer) (release func()) {
	w := &wish{offer: o}
	r.wishes.mu.Lock()
	if r.wishes.all[s] == nil {
		r.wishes.all[s] = make(map[*wish]struct{})
	}
	r.wishes.all[s][w] = struct{}{}
	if !s.Mirrored() {
		w.release = r.deriver.Want(s, o)
	}
	r.wishes.mu.Unlock()
	r.wished(s)
	return sync.OnceFunc(func() {
		r.wishes.mu.Lock()
		delete(r.wishes.all[s], w)
		if len(r.wishes.all[s]) == 0 {
			delete(r.wishes.all, s)
		}
		if w.release != nil {
			w.release()
		}
		r.wishes.mu.Unlock()
		r.wished(s)
	})
}

// wished tells the stream's pull that there is something to be said.
func (r *Room) wished(s *bus.Stream) {
	if p := r.pull(s.Name()); p != nil {
		p.wanting.Store(true)
		p.poke()
	}
}

// settle gives the wishes for a stream to whom they belong, after the stream became
// a mirror or ceased to be one.
func (r *Room) settle(s *bus.Stream, mirrored bool) {
	r.wishes.mu.Lock()
	defer r.wishes.mu.Unlock()
	for w := range r.wishes.all[s] {
		switch {
		case mirrored && w.release != nil:
			w.release()
			w.release = nil
		case !mirrored && w.release == nil:
			w.release = r.deriver.Want(s, w.offer)
		}
	}
}

// maxSets bounds what a parent is told; there are as many sorts of viewers as there
// are browsers.
const maxSets = 16

// sets are the wishes for a stream, each sort once.
func (r *Room) sets(s *bus.Stream) []wire.Wish {
	r.wishes.mu.Lock()
	defer r.wishes.mu.Unlock()
	sorts := map[derive.Offer]bool{}
	list := []wire.Wish{}
	for w := range r.wishes.all[s] {
		if !sorts[w.offer] && len(list) < maxSets {
			sorts[w.offer] = true
			list = append(list, wire.WishOf(w.offer))
		}
	}
	return list
}
