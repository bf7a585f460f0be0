package feed

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"millrace/cluster/wire"
	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
)

// child is one node that has one stream from here.
type child struct {
	room   *Room
	link   *wire.Link
	hello  *wire.Hello
	stream *bus.Stream
	status []wire.NodeStatus // of it and all below it; guarded by room.mu

	heard atomic.Int64             // when it last said something, Unix nanoseconds
	have  map[wire.Position]uint64 // what it has from another parent; not changed

	wanting sync.Mutex
	wishes  map[derive.Offer]func() // guarded by wanting: what ends them

	mu       sync.Mutex
	channels map[channelKey]uint32
	forms    map[*av.Track]uint32
	numbers  uint32 // of channels and forms
}

// channelKey is what has a channel of its own: IDs are used again after an epoch.
type channelKey struct {
	generation uint32
	track      av.TrackID
}

func newChild(r *Room, l *wire.Link, h *wire.Hello, s *bus.Stream) *child {
	return &child{
		room: r, link: l, hello: h, stream: s,
		channels: make(map[channelKey]uint32), forms: make(map[*av.Track]uint32),
	}
}

// resume takes the child's word for what it has of the publication that is served.
func (c *child) resume(epoch uint64) {
	if c.hello.Epoch != epoch {
		return
	}
	c.have = make(map[wire.Position]uint64, len(c.hello.Have))
	for _, p := range c.hello.Have {
		c.have[wire.Position{Generation: p.Generation, Track: p.Track}] = p.Origin
	}
}

// has is the number of the last frame of a track that the child has, zero if none.
func (c *child) has(track wire.Position) uint64 { return c.have[track] }

// news is the reader's next frame that the child has not. What follows the last
// one that it has can be shown there without a keyframe.
func (c *child) news(r *reader) *av.Frame {
	for {
		f := r.cursor.Peek()
		if f == nil || f.Origin > r.have {
			return f
		}
		c.room.counts.spared.Add(uint64(f.Size()))
		r.cursor.Advance()
	}
}

// quiet says whether the child has said nothing for longer than one that lives.
func (c *child) quiet() bool { return time.Since(time.Unix(0, c.heard.Load())) > quiet }

// grandchildren are the nodes that have the stream from the child; the caller holds room.mu.
func (c *child) grandchildren() int {
	n := 0
	for i := range c.status {
		if c.status[i].Parent == c.hello.Child.Node {
			n++
		}
	}
	return n
}

// run sends the stream until it ends or ctx does.
func (c *child) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lanes := []*lane{newLane(c, av.Video), newLane(c, av.Audio)}
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	for _, l := range lanes {
		work.Go(func() {
			if err := l.run(ctx); err != nil {
				c.link.Close(err)
			}
		})
	}
	var told *bus.Catalog
	for {
		announced := c.stream.Announced()
		if err := c.stream.Err(); err != nil {
			return c.farewell(err)
		}
		if cat := c.stream.Catalog(); cat != told {
			told = cat
			plan, message := c.plan(cat)
			if err := c.link.Send(message); err != nil {
				return err
			}
			for _, l := range lanes {
				l.follow(plan)
			}
		}
		select {
		case <-announced:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// farewell tells the child whether the stream is over, or only this node.
func (c *child) farewell(err error) error {
	if errors.Is(err, bus.ErrShutdown) {
		_ = c.link.Send(&wire.Move{Text: "the node stops"})
		return err
	}
	_ = c.link.Send(&wire.End{Text: err.Error()})
	return errOver
}

// planned is a track of a catalog and its channel.
type planned struct {
	track    *av.Track
	channel  uint32
	position wire.Position // the track with its origin's numbers
}

// plan gives the catalog's tracks their channels, and says so to the child.
func (c *child) plan(cat *bus.Catalog) ([]planned, *wire.Catalog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, info := cat.Origin, c.stream.Snapshot().Publisher
	m := &wire.Catalog{
		Epoch: o.Epoch, Generation: cat.Generation - o.Generations, Live: cat.Live, Start: c.start(cat),
		Publisher: wire.Publisher{Protocol: info.Protocol, Remote: info.Remote, Encoder: info.Encoder, Refreshes: info.Refreshes},
	}
	channels, forms := make(map[channelKey]uint32), make(map[*av.Track]uint32)
	plan := make([]planned, len(cat.Tracks))
	for i, t := range cat.Tracks {
		key := channelKey{cat.Generation, t.ID}
		channels[key], forms[t] = c.channels[key], c.forms[t]
		if channels[key] == 0 {
			channels[key] = c.next()
		}
		if forms[t] == 0 {
			forms[t] = c.next()
		}
		plan[i] = planned{t, channels[key], wire.Position{Generation: m.Generation, Track: uint32(t.ID - o.IDs)}}
		m.Channels = append(m.Channels, wire.Channel{Channel: channels[key], Form: forms[t], Track: wire.TrackOf(t, o.IDs)})
	}
	c.channels, c.forms = channels, forms
	return plan, m
}

func (c *child) next() uint32 {
	c.numbers++
	return c.numbers
}

// start is the least timestamp of what is sent from now on: that of the oldest
// keyframe that is entered at.
func (c *child) start(cat *bus.Catalog) time.Duration {
	start := c.stream.Edge(time.Now())
	tap := c.stream.Tap()
	defer tap.Close()
	for _, t := range cat.Tracks {
		if t.Kind != av.Video {
			continue
		}
		tap.Follow(t.ID, 0)
		if f := tap.Video().Peek(); f != nil {
			start = min(start, f.DTS, f.PTS)
		}
	}
	return start - cat.Origin.Shift
}

// form is the number of a track's description, which the child is told first if it
// does not know it: a frame may have an older one than the catalog.
func (c *child) form(t *av.Track, channel uint32, ids av.TrackID) (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if form := c.forms[t]; form != 0 {
		return form, nil
	}
	form := c.next()
	c.forms[t] = form
	return form, c.link.Send(&wire.Describe{Channel: wire.Channel{Channel: channel, Form: form, Track: wire.TrackOf(t, ids)}})
}
