package port

import "sync/atomic"

// Stats count since the start, but for the two that say now.
type Stats struct {
	Received, Unknown uint64 // datagrams and frames; unknown had no endpoint
	Reads             uint64 // system calls that brought datagrams
	Sends, Segments   uint64 // system calls for UDP, and packets in them
	Refused           uint64 // sends that the kernel or a connection's queue had no room for
	SendErrors        uint64 // sends over UDP that failed otherwise: no route, a firewall of this machine's
	ReadErrors        uint64 // errors that other machines reported on the UDP socket
	ReadDrops         uint64 // datagrams that the UDP socket's buffer had no room for

	Connections   int    // TCP, now
	Queued        int    // bytes that wait for these, now
	TCPPackets    uint64 // packets sent over connections
	TCPRefused    uint64 // connections that never belonged to a session
	TCPStalled    uint64 // connections closed because their peer did not read
	AcceptsFailed uint64
}

type counters struct {
	received, unknown, sends, segments, refused       atomic.Uint64
	reads                                             atomic.Uint64
	tcpPackets, tcpRefused, tcpStalled, acceptsFailed atomic.Uint64
	sendErrors, readErrors                            atomic.Uint64
	queued                                            atomic.Int64
}

// Stats reads the counters.
func (p *Port) Stats() Stats {
	s := &p.stats
	return Stats{
		Received: s.received.Load(), Unknown: s.unknown.Load(), Reads: s.reads.Load(),
		Sends: s.sends.Load(), Segments: s.segments.Load(), Refused: s.refused.Load(),
		SendErrors: s.sendErrors.Load(), ReadErrors: s.readErrors.Load(), ReadDrops: p.socket.drops(),
		Connections: p.crowd.len(), Queued: int(s.queued.Load()),
		TCPPackets: s.tcpPackets.Load(), TCPRefused: s.tcpRefused.Load(),
		TCPStalled: s.tcpStalled.Load(), AcceptsFailed: s.acceptsFailed.Load(),
	}
}
