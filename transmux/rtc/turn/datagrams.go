package turn

import (
	"errors"
	"net"
)

// datagrams is the UDP socket as the library may have it, which stops reading for good
// at the first error.
type datagrams struct{ net.PacketConn }

// ReadFrom is net.PacketConn's.
func (d datagrams) ReadFrom(into []byte) (int, net.Addr, error) {
	for {
		n, from, err := d.PacketConn.ReadFrom(into)
		if err == nil || isClosed(err) {
			return n, from, err
		}
		// an ICMP error of some client, reported on the shared socket
	}
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
