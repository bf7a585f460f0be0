//go:build !linux

package port

import (
	"net"
	"net/netip"
)

// inbox takes one datagram after the other where the system is not Linux.
type inbox struct {
	conn *net.UDPConn
	data [maxDatagram]byte
	got  int
	from netip.AddrPort
}

func newInbox(p *Port) *inbox { return &inbox{conn: p.conn} }

func (b *inbox) wait() (int, error) {
	n, from, err := b.conn.ReadFromUDPAddrPort(b.data[:])
	if err != nil {
		return 0, err
	}
	b.got, b.from = n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	return 1, nil
}

func (b *inbox) datagram(int) (data []byte, from netip.AddrPort, oob []byte) {
	return b.data[:b.got], b.from, nil
}

func (b *inbox) alone() bool { return true }
