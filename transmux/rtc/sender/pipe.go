package sender

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4/packetio"

	"millrace/transmux/rtc/port"
)

const (
	// pipeBytes bounds what waits for the handshake: a client's flights are two,
	// of less than 3 KB together, sent again a few times.
	pipeBytes   = 16 << 10
	pipePackets = 16
)

// pipe is the net.PacketConn under an endpoint's DTLS connection: what the port
// received goes in by push, what DTLS writes leaves through the port, or, once
// muted, is kept.
type pipe struct {
	endpoint *Endpoint
	in       *packetio.Buffer
	path     atomic.Pointer[port.Path]
	muted    atomic.Bool
	kept     []byte // by the goroutine that muted it
}

func newPipe(e *Endpoint, path port.Path) *pipe {
	p := &pipe{endpoint: e, in: packetio.NewBuffer()}
	p.in.SetLimitSize(pipeBytes)
	p.in.SetLimitCount(pipePackets)
	p.path.Store(&path)
	return p
}

// push hands a datagram in; where too many wait it is lost, and sent again.
func (p *pipe) push(packet []byte, from port.Path) {
	p.path.Store(&from)
	_, _ = p.in.Write(packet)
}

// interrupt ends all reads.
func (p *pipe) interrupt() { _ = p.in.Close() }

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.in.Read(b)
	return n, p.RemoteAddr(), err
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if p.muted.Load() {
		p.kept = append([]byte(nil), b...)
		return len(b), nil
	}
	return len(b), p.endpoint.room.send(p.path.Load(), b)
}

func (p *pipe) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(p.path.Load().Remote) }

func (p *pipe) LocalAddr() net.Addr {
	return net.UDPAddrFromAddrPort(p.endpoint.room.port.Addr())
}

func (p *pipe) Close() error { return p.in.Close() }

func (p *pipe) SetDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

func (p *pipe) SetWriteDeadline(time.Time) error { return nil } // a send never waits
