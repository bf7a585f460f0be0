// Package port is the one UDP socket of all WebRTC, and the TCP listener on the
// same number for networks without UDP: it reads, sorts what comes by ICE user
// fragment and by address, and sends runs of packets in one system call.
//
// rtc/sender claims its user fragments here and gets their packets; this room
// must not know what is in them beyond the first bytes.
package port

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

const (
	// maxDatagram bounds what a peer may send at once: STUN, DTLS flights and
	// RTCP all stay below an Ethernet frame; the rest is cut off and fails to parse.
	maxDatagram = 2048
	// SocketBuffer asks the kernel for room for a burst of joins on the way in
	// and for the frames of some hundred viewers on the way out, in bytes each. The
	// kernel grants what its limits (net.core.rmem_max, wmem_max) allow.
	SocketBuffer = 4 << 20
	// bindAttempts is how many free UDP ports are tried for one whose number is
	// free for TCP too.
	bindAttempts = 16
)

// ErrTCP says that it is the TCP half of the port that cannot be had.
var ErrTCP = errors.New("TCP")

// Config says where to listen and what to tell peers.
type Config struct {
	// Address is host:port; an empty host is every interface, IPv4 and IPv6.
	Address string
	// TCP listens for ICE-TCP (RFC 6544) on the same address and number.
	TCP bool
	// Public are what candidates name instead of the interfaces' addresses: IP
	// addresses, and host names, which are looked up now and again.
	Public []string
	// Lookup finds the addresses of a host name; nil asks the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Port is a bound socket. Claim endpoints, then Serve.
type Port struct {
	log      *slog.Logger
	conn     *net.UDPConn
	listener *net.TCPListener // nil without TCP
	socket   socket
	local    netip.AddrPort
	public   *public
	mux      mux
	crowd    crowd
	stats    counters
	segment  atomic.Bool // the kernel segments for us (UDP_SEGMENT)
}

// Listen binds the sockets. The error wraps ErrTCP where UDP could be had and TCP
// could not.
func Listen(cfg Config, log *slog.Logger) (*Port, error) {
	p := &Port{log: log}
	if err := p.bind(cfg); err != nil {
		return nil, fmt.Errorf("webrtc port: %w", err)
	}
	bound := p.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	p.local = netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port())
	p.mux.init()
	p.crowd.init()
	if err := p.socket.init(p.conn, p.wildcard()); err != nil {
		_ = p.Close()
		return nil, fmt.Errorf("webrtc port: %w", err)
	}
	// Larger buffers are a wish; the kernel's refusal costs only headroom.
	_ = p.conn.SetReadBuffer(SocketBuffer)
	_ = p.conn.SetWriteBuffer(SocketBuffer)
	p.segment.Store(p.socket.canSegment())
	p.public = newPublic(cfg, log)
	return p, nil
}

// bind opens the sockets on one number. Where any will do, it looks for one that
// both can have.
func (p *Port) bind(cfg Config) error {
	addr, err := net.ResolveUDPAddr("udp", cfg.Address)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		conn, err := net.ListenUDP("udp", addr)
		if err != nil {
			return err
		}
		if !cfg.TCP {
			p.conn = conn
			return nil
		}
		number := conn.LocalAddr().(*net.UDPAddr).Port
		listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: addr.IP, Port: number, Zone: addr.Zone})
		if err == nil {
			p.conn, p.listener = conn, listener
			return nil
		}
		_ = conn.Close()
		if addr.Port != 0 || attempt == bindAttempts {
			return fmt.Errorf("%w: %w", ErrTCP, err)
		}
	}
}

// Addr is the bound address, of UDP and TCP alike.
func (p *Port) Addr() netip.AddrPort { return p.local }

func (p *Port) wildcard() bool { return p.local.Addr().IsUnspecified() }

// Serve reads until the context ends, then closes the sockets and every
// connection, and waits for their goroutines.
func (p *Port) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = p.Close() })
	defer stop()
	var work sync.WaitGroup
	if p.listener != nil {
		work.Go(func() { p.accept(ctx) })
	}
	work.Go(func() { p.public.keep(ctx) })
	err := p.read(ctx)
	cancel()
	work.Wait()
	return err
}

// read is the UDP socket's loop.
func (p *Port) read(ctx context.Context) error {
	in := newInbox(p)
	for {
		n, err := in.wait()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("webrtc port: %w", err)
			}
			p.stats.readErrors.Add(1)
			continue // an ICMP error of some peer, reported on the shared socket
		}
		p.stats.reads.Add(1)
		p.stats.received.Add(uint64(n))
		for i := range n {
			p.take(in.datagram(i))
		}
	}
}

// take gives a datagram to whom it is for.
func (p *Port) take(data []byte, from netip.AddrPort, oob []byte) {
	path := Path{Remote: from}
	if p.wildcard() {
		path.Local = localOf(oob)
	}
	if e := p.mux.find(data, &path); e != nil {
		e.Receive(data, path)
	} else {
		p.stats.unknown.Add(1)
	}
}

// Close closes the sockets; Serve then returns.
func (p *Port) Close() error {
	err := p.conn.Close()
	if p.listener != nil {
		err = errors.Join(err, p.listener.Close())
	}
	return err
}
