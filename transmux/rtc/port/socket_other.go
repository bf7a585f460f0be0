//go:build !linux

package port

import (
	"net"
	"net/netip"
)

const oobSize = 0

// socket has nothing to add where the system is not Linux.
type socket struct{}

func (*socket) init(*net.UDPConn, bool) error { return nil }

func (*socket) canSegment() bool { return false }

func (*socket) drops() uint64 { return 0 }

// sendBuffer bounds what the kernel holds of a connection, where it cannot be told
// apart what of it is on its way.
const sendBuffer = 128 << 10

func tune(conn *net.TCPConn) {
	_ = conn.SetNoDelay(true)
	_ = conn.SetWriteBuffer(sendBuffer)
}

func localOf([]byte) netip.Addr { return netip.Addr{} }

type sendCall struct{ conn *net.UDPConn }

func (c *sendCall) init(p *Port) { c.conn = p.conn }

func (c *sendCall) send(to *Path, packet []byte, _ int) error {
	_, err := c.conn.WriteToUDPAddrPort(packet, to.Remote)
	return err
}

func (*sendCall) hold(do func()) { do() }

func refusesSegments(error) bool { return false }

func segmentTooLarge(error) bool { return false }

func wouldBlock(error) bool { return false }
