//go:build !linux

package receiver

import (
	"net"
	"net/netip"
	"time"
)

// maxDatagram is more than any packet of WebRTC's.
const maxDatagram = 4096

func listen(bool) (*net.UDPConn, error) {
	return net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
}

// inlet is nothing where each viewer reads into memory of its own.
type inlet struct{}

func newInlet() *inlet { return nil }

// read takes from the socket until it is closed or the viewer is over.
func (v *Viewer) read() error {
	packet := make([]byte, maxDatagram)
	for v.ctx.Err() == nil {
		n, from, err := v.conn.ReadFromUDPAddrPort(packet)
		if err != nil {
			return err
		}
		if n > 0 {
			now := time.Now()
			v.take(packet[:n], n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), arrival{now, now})
		}
	}
	return v.Err()
}
