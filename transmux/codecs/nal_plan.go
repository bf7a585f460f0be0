package codecs

import "millrace/transmux/av"

// A frame should leave in one segmented send per viewer, and the kernel wants
// all segments but the last equal. So one packet size is chosen per frame such
// that its units divide evenly, and what is left uneven is padded (RFC 3550
// section 5.1) if that costs little.

const (
	// maxPad is what one packet can be padded by: the count is one byte.
	maxPad = 255
	// maxPadPercent bounds a frame's padding: a viewer's line is dearer than
	// the server's system calls.
	maxPadPercent = 8
	// tailPercent is as much of it as the frame's last packet may take, which needs no
	// padding: a packet of sound can ride behind it if it is as long as the others.
	tailPercent = 1
	// minPacket is the smallest packet size tried, in bytes; below it headers
	// outweigh what they carry.
	minPacket = 128
	// What sending takes, in nanoseconds per viewer. On loopback, with
	// AES-GCM, a packet sent alone takes 5.1 µs and one of ten in a segmented send
	// 1.8 µs: so much is the packet's own and so much the run's. A byte of
	// padding costs a third of one to seal and copy, but the viewer's line carries
	// it too.
	packetCost = 1400
	runCost    = 3700
	padCost    = 1
	// closedCost is what it is worth that the last run can take a packet of sound, which
	// comes along with a picture now and then.
	closedCost = runCost / 4
	// plannedUnits is how many units of a frame propose packet sizes. Of
	// more slices than that, the first ones speak for the rest.
	plannedUnits = 16
	// planLimit is the number of units from which on a frame is not planned at
	// all: it takes time that grows with the square.
	planLimit = 64
	// plannedSplits is how many numbers of fragments are tried per unit, from
	// the fewest possible on.
	plannedSplits = 6
)

// apSize is what goes in front of each aggregated unit: its size (RFC 6184 section
// 5.7.1, RFC 7798 section 4.4.2).
const apSize = 2

// nalFormat is how a codec's NAL units become RTP payloads: sizes in bytes. Who
// writes the heads and chooses the units is told by codec, not by functions in
// here: calls through those would cost an allocation a frame.
type nalFormat struct {
	codec  av.Codec
	header int // of a NAL unit
	fuHead int // in front of each fragment, which the unit's own header is not part of
	apHead int // an aggregation packet's own NAL unit header
}

// nalCut is the next stretch of a frame: some units aggregated, one unit as it
// is, or one unit in fragments.
type nalCut struct {
	end     int // index after the last unit taken
	packets int
	bytes   int // of all packets, heads included, padding not
	pad     int // to spread over the packets, 0 for none
}

// nextCut takes units from index i on into packets of size bytes at most, and
// pads them up to size if that stays within budget and packets follow that
// would otherwise start another run; or within tail, if it is sound that may follow.
func (f *nalFormat) nextCut(units [][]byte, i, size, budget, tail int) nalCut {
	n := len(units[i])
	c := nalCut{end: i + 1, packets: 1, bytes: n}
	if n > size {
		c.packets = f.fragments(n, size)
		c.bytes = n - f.header + c.packets*f.fuHead
	} else {
		ap := f.apHead + apSize + n
		for c.end < len(units) && ap+apSize+len(units[c.end]) <= size {
			ap += apSize + len(units[c.end])
			c.end++
		}
		if c.end > i+1 {
			c.bytes = ap
		}
	}
	short := c.packets*size - c.bytes
	if c.end == len(units) {
		budget = min(budget, tail)
		if i == 0 && c.packets == 1 {
			budget = 0 // it is as long as itself
		}
	}
	if short <= c.packets*maxPad && short <= budget {
		c.pad = short
	}
	return c
}

// fragments is the number of fragments of size bytes that a unit of n bytes
// takes; its header travels in their heads.
func (f *nalFormat) fragments(n, size int) int {
	return (n - f.header + size - f.fuHead - 1) / (size - f.fuHead)
}

// fragmentSize is the size of the k equal fragments of a unit of n bytes.
func (f *nalFormat) fragmentSize(n, k int) int { return f.fuHead + (n-f.header+k-1)/k }

// nalPlan counts what a packet size would make of a frame.
type nalPlan struct {
	packets, pad int
	heads        int // bytes of all heads, aggregated units included
	runs         runCounter
}

func (p nalPlan) cost() int {
	cost := p.packets*packetCost + p.runs.n*runCost + p.pad*padCost
	if p.runs.closed {
		cost += closedCost
	}
	return cost
}

// planFor walks the frame with packets of size bytes.
func (f *nalFormat) planFor(units [][]byte, size, budget int) nalPlan {
	var p nalPlan
	tail := tailOf(budget)
	for i := 0; i < len(units); {
		c := f.nextCut(units, i, size, budget-p.pad, tail)
		p.packets += c.packets
		p.pad += c.pad
		last := c.bytes - (c.packets-1)*size
		if c.pad > 0 {
			last = size
		}
		p.runs.add(size, c.packets-1)
		p.runs.add(last, 1)
		switch {
		case len(units[i]) > size:
			p.heads += c.packets * f.fuHead
		case c.end > i+1:
			p.heads += c.bytes
		}
		i = c.end
	}
	return p
}

// tailOf is how much of a frame's padding may be at its end.
func tailOf(budget int) int { return budget * tailPercent / maxPadPercent }

// bestSize chooses the packet size in bytes for a frame's units, of which there
// is at least one.
func (f *nalFormat) bestSize(units [][]byte, budget int) int {
	if len(units) == 1 {
		if n := len(units[0]); n > av.MaxPayload {
			return f.fragmentSize(n, f.fragments(n, av.MaxPayload))
		}
		return av.MaxPayload
	}
	best := av.MaxPayload
	if len(units) > planLimit {
		return best
	}
	lowest := f.planFor(units, best, budget).cost()
	try := func(size int) {
		if size < minPacket || size > av.MaxPayload {
			return
		}
		if c := f.planFor(units, size, budget).cost(); c < lowest {
			best, lowest = size, c
		}
	}
	for _, u := range units[:min(len(units), plannedUnits)] {
		try(len(u))
		k := max(2, f.fragments(len(u), av.MaxPayload))
		for s := range plannedSplits {
			try(f.fragmentSize(len(u), k+s))
		}
	}
	for i := 0; i < min(len(units), plannedUnits); {
		c := f.nextCut(units, i, av.MaxPayload, 0, 0)
		if c.packets == 1 {
			try(c.bytes)
		}
		i = c.end
	}
	return best
}

// runCounter counts runs: packets of one size of which the last may be shorter.
type runCounter struct {
	n      int
	size   int
	closed bool
}

// add counts the next k packets of size bytes.
func (r *runCounter) add(size, k int) {
	if k == 0 {
		return
	}
	if r.n == 0 || r.closed || size > r.size {
		r.n, r.size, r.closed = r.n+1, size, false
	} else if size < r.size {
		r.closed = true
		// The first of them closed the run it ends; the others are the next.
		r.add(size, k-1)
	}
}
