package edge

import (
	"slices"

	"millrace/cluster/wire"
)

// waits says whether there is nothing to be had yet: the stream lingers here, and
// nobody publishes it elsewhere.
func (p *pull) waits() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lingering != nil && p.mirror == nil && !p.searching
}

// status is this node and all below it.
func (p *pull) status() []wire.NodeStatus {
	parent, mirror := p.state()
	if parent == nil || mirror == nil {
		return nil
	}
	f, self := parent.figures(), p.room.cfg.Self()
	all := []wire.NodeStatus{{
		Node: self.Node, Region: self.Region, Parent: parent.hop.Node, Transport: parent.link.Transport,
		Viewers: mirror.Stream().Snapshot().Viewers, Hops: len(f.path), Latency: f.latency.Seconds(),
		HopLatency: f.transit.Seconds(), RTT: f.rtt.Seconds(), Frames: f.frames, Lost: f.lost,
	}}
	if p.room.below != nil {
		all = append(all, p.room.below.Below(p.name)...)
	}
	const most = 500 // what a message holds
	return slices.Clip(all[:min(len(all), most)])
}

// Status is this node's place in a stream's tree and what is below it; nil where
// the stream is not pulled.
func (r *Room) Status(name string) []wire.NodeStatus {
	if p := r.pull(name); p != nil {
		return p.status()
	}
	return nil
}
