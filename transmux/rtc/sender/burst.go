package sender

import (
	"millrace/transmux/rtc/port"
)

const (
	// burstSize holds one maximal run.
	burstSize = port.MaxRun
	// packetRoom is what one packet may take: an av payload of 1180 bytes, RTP
	// header and extensions, and the SRTP tag.
	packetRoom = 1400
)

// Burst gathers sealed packets for one endpoint after another and sends runs of
// equal size in one system call. It belongs to one goroutine and serves any
// number of endpoints in turn.
//
//	b.To(endpoint)
//	packet := writer.Append(b.Room(), …)
//	b.Add(packet, headerSize, index)
//	b.Flush()
type Burst struct {
	writer *port.Writer
	buf    []byte
	start  int // of the run
	end    int
	size   int // of the run's packets
	count  int // of the run's packets
	closed bool

	to   *Endpoint
	path *port.Path
	keys *keys
	err  error
}

// Burst returns a new Burst that sends through the room's port.
func (r *Room) Burst() *Burst {
	return &Burst{writer: r.port.Writer(), buf: make([]byte, burstSize)}
}

// Round is for a goroutine that turns to many endpoints in do, one after the other: it
// spares the sends in it what can be done once for all of them.
func (b *Burst) Round(do func()) { b.writer.Hold(do) }

// To turns to an endpoint. It is false while that cannot be sent to yet, or no
// more, or not now: see Ready.
func (b *Burst) To(e *Endpoint) bool {
	b.to, b.err = e, nil
	b.keys, b.path = e.keys.Load(), e.path.Load()
	return b.keys != nil && b.path != nil && !e.closed.Load() && b.path.Ready()
}

// Ready is false where the endpoint's connection has not got rid of what it was
// given before; then Drainer.Drained follows. It is always true over UDP.
func (b *Burst) Ready() bool { return b.path.Ready() }

// Room is an empty slice with room for one packet.
func (b *Burst) Room() []byte {
	if b.end+packetRoom > len(b.buf) {
		_ = b.Flush() // the error stays for the next one's caller
	}
	return b.buf[b.end:b.end:min(b.end+packetRoom, len(b.buf))]
}

// Add seals the packet that was appended to Room and takes it into the run,
// sending what went before where it does not fit: segmentation wants equal
// sizes but for the last.
func (b *Burst) Add(packet []byte, headerSize int, index uint64) {
	sealed, err := b.keys.rtp.seal(packet, headerSize, index)
	if err != nil {
		b.err = err
		return
	}
	n := len(sealed)
	if b.count > 0 && (b.closed || n > b.size || b.count == port.MaxSegments) {
		b.send()
	}
	if b.count == 0 {
		b.size = n
	}
	b.end += n
	b.count++
	b.closed = n < b.size
	b.to.sentPackets++
	b.to.sentBytes += uint64(n)
}

// Loaded tells whether something waits to be flushed.
func (b *Burst) Loaded() bool { return b.count > 0 }

// Flush sends what is gathered. The error is the first since To.
func (b *Burst) Flush() error {
	b.send()
	b.start, b.end = 0, 0
	return b.err
}

func (b *Burst) send() {
	if b.count > 0 {
		if err := b.writer.SendRun(b.path, b.buf[b.start:b.end], b.size); err != nil && b.err == nil {
			b.err = err
		}
	}
	b.start, b.count, b.closed = b.end, 0, false
}

// Control seals and sends an RTCP packet to the current endpoint at once. It
// shares the keys' state with Add, and so the goroutine.
func (b *Burst) Control(rtcp []byte) error {
	if err := b.Flush(); err != nil {
		return err
	}
	sealed, err := b.keys.local.EncryptRTCP(nil, rtcp, nil)
	if err != nil {
		return err
	}
	return b.writer.Send(b.path, sealed)
}
