package receiver

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v4/packetio"
)

// pipeBytes and pipePackets bound what waits for the handshake: a server's
// flights are two, of less than 3 KB together.
const (
	pipeBytes   = 32 << 10
	pipePackets = 32
)

// pipe is the net.PacketConn under a viewer's DTLS connection. Once muted it keeps
// what is written: the close_notify of the goodbye to come.
type pipe struct {
	socket *socket
	to     netip.AddrPort
	in     *packetio.Buffer
	muted  atomic.Bool
	kept   []byte // by the goroutine that muted it and closes the connection
}

func newPipe(socket *socket, to netip.AddrPort) *pipe {
	p := &pipe{socket: socket, to: to, in: packetio.NewBuffer()}
	p.in.SetLimitSize(pipeBytes)
	p.in.SetLimitCount(pipePackets)
	return p
}

// push hands a datagram in; where too many wait it is lost, and sent again.
func (p *pipe) push(packet []byte) { _, _ = p.in.Write(packet) }

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.in.Read(b)
	return n, p.remote(), err
}

func (p *pipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if p.muted.Load() {
		if len(b) > 0 && b[0] == dtlsAlert {
			p.kept = append([]byte(nil), b...)
		}
		return len(b), nil
	}
	return len(b), p.socket.send(b, p.to)
}

func (p *pipe) remote() net.Addr { return net.UDPAddrFromAddrPort(p.to) }

func (p *pipe) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.socket.address()) }

func (p *pipe) Close() error { return p.in.Close() }

func (p *pipe) SetDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

func (p *pipe) SetReadDeadline(t time.Time) error { return p.in.SetReadDeadline(t) }

func (p *pipe) SetWriteDeadline(time.Time) error { return nil } // a send never waits
