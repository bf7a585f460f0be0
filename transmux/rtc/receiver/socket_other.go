//go:build !linux

package receiver

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// maxDatagram is more than any packet of WebRTC's.
const maxDatagram = 4096

// socket is a viewer's, and knows no more than UDP does everywhere.
type socket struct{ conn *net.UDPConn }

func listen(bool) (*socket, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	return &socket{conn}, err
}

func (s *socket) address() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (s *socket) send(packet []byte, to netip.AddrPort) error {
	_, err := s.conn.WriteToUDPAddrPort(packet, to)
	return err
}

func (s *socket) close() { _ = s.conn.Close() }

// poller is nothing where each viewer has a goroutine that reads.
type poller struct{}

func (*poller) open() error { return nil }

func (*poller) close() {}

// enter begins to read for a viewer.
func (r *Room) enter(v *Viewer) error {
	v.work.Go(func() { v.end(v.read()) })
	return nil
}

func (r *Room) leave(*Viewer) {}

func (r *Room) poll(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			r.tick(now)
		case <-ctx.Done():
			return nil
		}
	}
}

// read takes from the socket until it is closed or the viewer is over.
func (v *Viewer) read() error {
	packet := make([]byte, maxDatagram)
	for v.ctx.Err() == nil {
		n, from, err := v.socket.conn.ReadFromUDPAddrPort(packet)
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
