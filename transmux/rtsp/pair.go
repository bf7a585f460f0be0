package rtsp

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Pair is the two UDP sockets of RTP: an even port, and RTCP on the next (RFC 3550
// section 11).
type Pair struct{ rtp, rtcp *net.UDPConn }

// pairTries bounds the search for a free pair where the system may choose.
const pairTries = 64

// ListenPair opens the pair whose even port is that, or any if it is 0.
func ListenPair(host string, port int) (*Pair, error) {
	if port != 0 {
		return listenPair(host, port)
	}
	var last error
	for range pairTries {
		// One that is free now: its neighbour most often is too.
		probe, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			return nil, err
		}
		free := probe.LocalAddr().(*net.UDPAddr).Port &^ 1
		_ = probe.Close() // it only told us a number
		p, err := listenPair(host, free)
		if err == nil {
			return p, nil
		}
		last = err
	}
	return nil, fmt.Errorf("rtsp: no two neighbouring UDP ports are free: %w", last)
}

func listenPair(host string, port int) (*Pair, error) {
	var p Pair
	for i, conn := range []**net.UDPConn{&p.rtp, &p.rtcp} {
		c, err := net.ListenPacket("udp", net.JoinHostPort(host, strconv.Itoa(port+i)))
		if err != nil {
			p.Close()
			return nil, err
		}
		*conn = c.(*net.UDPConn)
	}
	return &p, nil
}

func (p *Pair) ports() (rtp, rtcp int) {
	rtp = p.rtp.LocalAddr().(*net.UDPAddr).Port
	return rtp, rtp + 1
}

// Addr is the even port's address.
func (p *Pair) Addr() net.Addr { return p.rtp.LocalAddr() }

// hand gives the sockets to the library as it asks for them.
func (p *Pair) hand(_, address string) (net.PacketConn, error) {
	rtp, rtcp := p.ports()
	switch _, port, _ := net.SplitHostPort(address); port {
	case strconv.Itoa(rtp):
		return p.rtp, nil
	case strconv.Itoa(rtcp):
		return p.rtcp, nil
	default:
		return nil, errors.New("rtsp: there is no such socket")
	}
}

// Close closes both.
func (p *Pair) Close() {
	for _, c := range []*net.UDPConn{p.rtp, p.rtcp} {
		if c != nil {
			_ = c.Close()
		}
	}
}
