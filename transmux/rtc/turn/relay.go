package turn

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// relay is the socket that the library believes a client's packets leave by: a
// net.PacketConn whose only peer is the gateway, under each of its addresses.
type relay struct {
	room     *Room
	grant    *grant
	network  string // of the client's connection
	client   netip.AddrPort
	nominal  netip.AddrPort
	in       chan packet
	closed   chan struct{}
	up, down atomic.Uint64 // bytes
	rise     budget        // the library writes from one goroutine at a time, the client's
	fall     budget        // read by one

	mu   sync.Mutex
	over bool
	legs map[netip.AddrPort]*net.UDPConn // by the address that the client knows
}

// packet is one of the gateway's on its way to the client.
type packet struct {
	data []byte
	from netip.AddrPort
}

func newRelay(room *Room, g *grant, network string, client, nominal netip.AddrPort) *relay {
	return &relay{
		room: room, grant: g, network: network, client: client, nominal: nominal,
		in: make(chan packet, legQueue), closed: make(chan struct{}), legs: make(map[netip.AddrPort]*net.UDPConn),
		rise: newBudget(room.cfg.Bitrate), fall: newBudget(room.cfg.Bitrate),
	}
}

// ReadFrom gives the next packet of the gateway's.
func (r *relay) ReadFrom(into []byte) (int, net.Addr, error) {
	for {
		select {
		case p := <-r.in:
			if !r.fall.spend(len(p.data), time.Now()) {
				r.room.stats.dropped.Add(1)
				continue
			}
			r.down.Add(uint64(len(p.data)))
			r.room.stats.down.Add(uint64(len(p.data)))
			return copy(into, p.data), net.UDPAddrFromAddrPort(p.from), nil
		case <-r.closed:
			return 0, nil, net.ErrClosed
		}
	}
}

// WriteTo passes a packet on to the gateway, if it is for it. What is not, or is too
// much, is lost without an error, as on a network.
func (r *relay) WriteTo(data []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, errNotUDP
	}
	at := udp.AddrPort()
	leg := r.leg(netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	switch {
	case leg == nil:
		r.room.stats.refuse(refusedPeer)
	case !r.rise.spend(len(data), time.Now()):
		r.room.stats.dropped.Add(1)
	default:
		r.up.Add(uint64(len(data)))
		r.room.stats.up.Add(uint64(len(data)))
		_, _ = leg.Write(data) // what the gateway's socket has no room for is lost
	}
	return len(data), nil
}

// leg is the socket for one of the gateway's addresses, nil for all others.
func (r *relay) leg(peer netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if leg := r.legs[peer]; leg != nil || r.over || len(r.legs) >= maxLegs {
		return leg
	}
	target, ok := r.room.target(peer)
	if !ok {
		return nil
	}
	leg, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(target))
	if err != nil {
		r.room.log.Warn("turn: no socket to the gateway", "error", err)
		return nil
	}
	_ = leg.SetReadBuffer(legBuffer) // a wish: the kernel's refusal costs only headroom
	r.legs[peer] = leg
	r.room.stands(leg, r)
	r.room.work.Go(func() { r.listen(leg, peer) })
	return leg
}

// listen takes what the gateway sends to a leg until it is closed.
func (r *relay) listen(leg *net.UDPConn, peer netip.AddrPort) {
	buf := make([]byte, maxFrame)
	for {
		n, err := leg.Read(buf)
		if err != nil {
			if isClosed(err) {
				return
			}
			continue // the gateway's port was closed for a moment: ICMP said so
		}
		select {
		case r.in <- packet{append([]byte(nil), buf[:n]...), peer}:
		default:
			r.room.stats.dropped.Add(1)
		}
	}
}

// Close ends the relay, once.
func (r *relay) Close() error {
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return nil
	}
	r.over = true
	close(r.closed)
	for _, leg := range r.legs {
		_ = leg.Close()
	}
	r.mu.Unlock()
	r.room.left(r)
	return nil
}

// LocalAddr is what the client is told.
func (r *relay) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(r.nominal) }

// SetDeadline and its kin are net.PacketConn's; the library sets none.
func (r *relay) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is net.PacketConn's.
func (r *relay) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is net.PacketConn's.
func (r *relay) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }
