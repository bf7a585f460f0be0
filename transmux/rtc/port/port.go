// Package port is the one UDP socket of all WebRTC: it reads, sorts what comes
// by ICE user fragment and by address, and sends runs of packets in one system
// call.
//
// rtc/sender (and later rtc/peer) claim their user fragments here and get their
// packets; this room must not know what is in them beyond the first bytes.
package port

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
)

const (
	// maxDatagram bounds what a peer may send at once: STUN, DTLS flights and
	// RTCP all stay below an Ethernet frame; the rest is cut off and fails to parse.
	maxDatagram = 2048
	// socketBuffer asks the kernel for room for a burst of joins on the way in
	// and for the frames of some hundred viewers on the way out. The kernel
	// grants what its limits (net.core.rmem_max, wmem_max) allow.
	socketBuffer = 4 << 20
)

// Config says where to listen and what to tell peers.
type Config struct {
	// Address is host:port for UDP; an empty host is every interface, IPv4 and IPv6.
	Address string
	// PublicIPs are what candidates name instead of the interfaces' addresses.
	PublicIPs []netip.Addr
}

// Port is a bound socket. Claim endpoints, then Serve.
type Port struct {
	cfg     Config
	log     *slog.Logger
	conn    *net.UDPConn
	socket  socket
	local   netip.AddrPort
	mux     mux
	stats   counters
	segment atomic.Bool // the kernel segments for us (UDP_SEGMENT)
}

// Path is how a peer is reached: from which of our addresses to which of its.
// Local is invalid where the socket is bound to one address.
type Path struct {
	Local  netip.Addr
	Remote netip.AddrPort
}

// Stats count since the start.
type Stats struct {
	Received, Unknown uint64 // datagrams; unknown had no endpoint
	Sends, Segments   uint64 // system calls, and packets in them
	Refused           uint64 // sends that the kernel refused for want of room
}

type counters struct {
	received, unknown, sends, segments, refused atomic.Uint64
}

// Listen binds the socket.
func Listen(cfg Config, log *slog.Logger) (*Port, error) {
	addr, err := net.ResolveUDPAddr("udp", cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("webrtc port: %w", err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("webrtc port: %w", err)
	}
	bound := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	p := &Port{
		cfg: cfg, log: log, conn: conn,
		local: netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port()),
	}
	p.mux.init()
	if err := p.socket.init(conn, p.wildcard()); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("webrtc port: %w", err)
	}
	// Larger buffers are a wish; the kernel's refusal costs only headroom.
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	p.segment.Store(p.socket.canSegment())
	return p, nil
}

// Addr is the bound address.
func (p *Port) Addr() netip.AddrPort { return p.local }

func (p *Port) wildcard() bool { return p.local.Addr().IsUnspecified() }

// Stats reads the counters.
func (p *Port) Stats() Stats {
	return Stats{
		Received: p.stats.received.Load(), Unknown: p.stats.unknown.Load(),
		Sends: p.stats.sends.Load(), Segments: p.stats.segments.Load(),
		Refused: p.stats.refused.Load(),
	}
}

// Serve reads until the context ends, then closes the socket.
func (p *Port) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.Close() })
	defer stop()
	buf := make([]byte, maxDatagram)
	oob := make([]byte, oobSize)
	for {
		n, oobn, _, from, err := p.conn.ReadMsgUDPAddrPort(buf, oob)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("webrtc port: %w", err)
			}
			continue // an ICMP error of some peer, reported on the shared socket
		}
		p.stats.received.Add(1)
		path := Path{Remote: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
		if p.wildcard() {
			path.Local = localOf(oob[:oobn])
		}
		if e := p.mux.find(buf[:n], path.Remote); e != nil {
			e.Receive(buf[:n], path)
		} else {
			p.stats.unknown.Add(1)
		}
	}
}

// Close closes the socket; Serve then returns.
func (p *Port) Close() error { return p.conn.Close() }
