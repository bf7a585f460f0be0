package rtpio

import "time"

const (
	// maxWindow bounds the packets from the oldest hole to the newest packet: 600 ms
	// of 60 Mb/s. It is a power of two.
	maxWindow = 4096
	// minWindow is what a window begins with when the first hole shows.
	minWindow = 64
	// maxHeld bounds the bytes behind a hole: 600 ms of 50 Mb/s.
	maxHeld = 4 << 20
	// maxJump is how many packets may be lost in a row; a sender whose numbers jump
	// further has begun anew. RFC 3550 appendix A.1 takes 3000, which at a video's
	// rates is several seconds in which there was a keyframe.
	maxJump = 1024
)

// slot is the place of one sequence number between the oldest hole and the
// newest packet.
type slot struct {
	packet  Packet
	present bool
	asks    uint8
	// Since the buffer's epoch; of what is missing:
	noticed, asked time.Duration
}

// buffer holds the packets behind a hole. While there is none it is empty, and
// has no slots until the first one shows.
type buffer struct {
	started bool
	epoch   time.Time // arrival of the first packet
	slots   []slot    // of next to end, by sequence number modulo length
	// next is the number that is waited for and end the one after the newest
	// packet's, both extended by the turns of the 16 bits.
	next, end int64
	missing   int           // of next to end
	held      int           // bytes
	again     time.Duration // the last distance between two requests
	stray     *Packet       // one that was too far away
	ask       []uint16      // what Missing returned last
}

func (b *buffer) begin(p Packet) {
	b.started, b.epoch, b.again = true, p.Arrived, minAgain
	b.next = int64(p.Seq)
	b.end = b.next
}

// restart begins anew at a number; the buffer is empty.
func (b *buffer) restart(seq uint16) {
	b.end = b.end&^0xFFFF + 1<<16 + int64(seq)
	b.next = b.end
}

func (b *buffer) at(seq int64) *slot { return &b.slots[seq&int64(len(b.slots)-1)] }

// extend makes room up to seq, which just came, and notes what is missing before it.
func (b *buffer) extend(seq int64, now time.Time) {
	if seq == b.next && b.next == b.end {
		b.end++ // in sequence, as nearly always: it needs no slot
		return
	}
	for int64(len(b.slots)) <= seq-b.next {
		b.grow()
	}
	noticed := now.Sub(b.epoch)
	b.missing += int(seq - b.end)
	for ; b.end < seq; b.end++ {
		*b.at(b.end) = slot{noticed: noticed}
	}
	*b.at(seq) = slot{}
	b.end++
}

func (b *buffer) grow() {
	old := *b
	b.slots = make([]slot, max(minWindow, 2*len(old.slots)))
	for seq := b.next; seq < b.end; seq++ {
		*b.at(seq) = *old.at(seq)
	}
}

// store keeps a copy of a packet behind a hole.
func (b *buffer) store(seq int64, p Packet) {
	p.Payload = append([]byte(nil), p.Payload...)
	s := b.at(seq)
	s.packet, s.present = p, true
	b.held += len(p.Payload)
}

// take returns the packet that is waited for, if it is here.
func (b *buffer) take() (p Packet, ok bool) {
	if b.next == b.end {
		return Packet{}, false
	}
	s := b.at(b.next)
	if !s.present {
		return Packet{}, false
	}
	p = s.packet
	*s = slot{}
	b.held -= len(p.Payload)
	b.next++
	return p, true
}

// giveUp passes over the hole in front and returns how many packets it was.
func (b *buffer) giveUp() (lost int) {
	for b.next < b.end && !b.at(b.next).present {
		b.next++
		lost++
	}
	b.missing -= lost
	return lost
}

// overdue reports whether the hole in front has been waited for long enough. It
// is always the one noticed first.
func (b *buffer) overdue(now time.Time, wait time.Duration) bool {
	return b.missing > 0 && now.Sub(b.epoch)-b.at(b.next).noticed >= wait
}
