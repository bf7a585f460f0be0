package peer

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// stamps is how many packets may be between the socket and the reader before
// their arrival times are forgotten; a whole GOP sent at once is a few hundred.
const stamps = 4096

// receiveBuffer is asked of the kernel, in bytes: a busy test machine may leave
// the reader off the processor for a while, and loss must be the server's.
const receiveBuffer = 4 << 20

// wire is the viewer's UDP socket. It notes when each RTP packet came off it,
// before pion's queues and goroutines, and sees the DTLS alert with which a
// server says goodbye, which pion v3 keeps to itself.
type wire struct {
	*net.UDPConn
	goodbye     chan struct{} // closed by the first alert after the handshake
	goodbyeOnce sync.Once
	mute        atomic.Bool // nothing is sent any more

	mu    sync.Mutex
	times [stamps]stamp // guarded by mu
}

type stamp struct {
	key uint64
	at  time.Time
}

func listen(address string) (*wire, error) {
	if address == "" {
		address = ":0"
	}
	network := "udp4"
	if isIPv6(address) {
		network = "udp6"
	}
	a, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		return nil, err
	}
	c, err := net.ListenUDP(network, a)
	if err != nil {
		return nil, err
	}
	// Best effort: the kernel caps it at net.core.rmem_max.
	_ = c.SetReadBuffer(receiveBuffer)
	return &wire{UDPConn: c, goodbye: make(chan struct{})}, nil
}

// ReadFrom reads a datagram and looks at its clear bytes, sorted by the first
// one (RFC 7983 section 7).
func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := w.UDPConn.ReadFrom(b)
	if err != nil || n < 12 {
		return n, from, err
	}
	switch {
	case b[0] >= 128 && b[0] < 192 && (b[1] < 192 || b[1] > 223): // RTP, not RTCP (RFC 5761 section 4)
		w.note(b)
	case b[0] == 21 && (b[3] != 0 || b[4] != 0): // DTLS alert under encryption (RFC 6347 section 4.1)
		w.goodbyeOnce.Do(func() { close(w.goodbye) })
	}
	return n, from, err
}

// WriteTo sends a datagram, or swallows it when the viewer has vanished.
func (w *wire) WriteTo(b []byte, to net.Addr) (int, error) {
	if w.mute.Load() {
		return len(b), nil
	}
	return w.UDPConn.WriteTo(b, to)
}

func (w *wire) note(b []byte) {
	ssrc := uint32(b[8])<<24 | uint32(b[9])<<16 | uint32(b[10])<<8 | uint32(b[11])
	key := stampKey(ssrc, uint16(b[2])<<8|uint16(b[3]))
	now := time.Now()
	w.mu.Lock()
	w.times[slot(key)] = stamp{key, now}
	w.mu.Unlock()
}

// arrived says when the packet came off the socket; now, where that is forgotten.
func (w *wire) arrived(ssrc uint32, seq uint16) time.Time {
	key := stampKey(ssrc, seq)
	w.mu.Lock()
	s := w.times[slot(key)]
	w.mu.Unlock()
	if s.key != key {
		return time.Now()
	}
	return s.at
}

func stampKey(ssrc uint32, seq uint16) uint64 { return uint64(ssrc)<<16 | uint64(seq) }

// slot spreads the tracks over the table and keeps neighbours apart.
func slot(key uint64) int { return int((key + (key>>16)*2654435761) % stamps) }
