package rtsp

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// readBuffer is what the system may hold of publishers' packets until they are
// read: 50 ms of 320 Mb/s.
const readBuffer = 2 << 20

// datagrams reads what publishers send over UDP. The library would, too, but it
// puts packets in order by itself: what is behind a lost one waits until 64 more
// have come, more than a second of sound. So its reads from the socket are over
// before they begin, and it only writes.
type datagrams struct {
	conn *net.UDPConn
	done chan struct{}

	mu    sync.RWMutex
	sinks map[netip.AddrPort]func(packet []byte, arrived time.Time) // guarded by mu
}

// takeOver reads from the pair's RTP socket from here on. It is nil where the
// system does not let two read from one socket; then the library has to do.
func (p *Pair) takeOver() *datagrams {
	file, err := p.rtp.File()
	if err != nil {
		return nil
	}
	defer file.Close()
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil
	}
	own, ok := conn.(*net.UDPConn)
	if !ok {
		_ = conn.Close()
		return nil
	}
	if err := p.rtp.SetReadDeadline(time.Unix(1, 0)); err != nil {
		_ = own.Close()
		return nil
	}
	_ = own.SetReadBuffer(readBuffer) // or as much as the system allows
	d := &datagrams{conn: own, done: make(chan struct{}), sinks: map[netip.AddrPort]func([]byte, time.Time){}}
	go d.run()
	return d
}

func (d *datagrams) run() {
	defer close(d.done)
	buf := make([]byte, 1<<16)
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return // closed: nothing else ends a UDP socket's reads
		}
		d.mu.RLock()
		sink := d.sinks[plainAddress(from)]
		d.mu.RUnlock()
		if sink != nil {
			sink(buf[:n], time.Now())
		}
	}
}

// add has what comes from an address given to a sink, until remove.
func (d *datagrams) add(from netip.AddrPort, sink func(packet []byte, arrived time.Time)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sinks[plainAddress(from)] = sink
}

func (d *datagrams) remove(from netip.AddrPort) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sinks, plainAddress(from))
}

func (d *datagrams) close() {
	_ = d.conn.Close()
	<-d.done
}

// plainAddress is the same for IPv4 in whatever clothes.
func plainAddress(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// listen has a publication's media come from where was agreed on; false where the
// library has to do it.
func (s *session) listen() bool {
	d := s.door.datagrams
	peer, ok := s.link.RemoteAddr().(*net.TCPAddr)
	media := s.setUp()
	if d == nil || !ok || len(media) != len(s.ports) {
		return false
	}
	for i, m := range media {
		from := netip.AddrPortFrom(peer.AddrPort().Addr(), s.ports[i])
		d.add(from, func(raw []byte, arrived time.Time) { s.datagram(m, raw, arrived) })
		s.heard = append(s.heard, from)
	}
	return true
}

// datagram takes one packet.
func (s *session) datagram(media int, raw []byte, arrived time.Time) {
	var p rtp.Packet
	if err := p.Unmarshal(append([]byte(nil), raw...)); err != nil {
		s.door.server.counters.badPackets.Add(1)
		s.publication.Trouble(err)
		return
	}
	s.publication.RTP(media, &p, arrived)
}

// deafen ends what listen began.
func (s *session) deafen() {
	for _, from := range s.heard {
		s.door.datagrams.remove(from)
	}
}
