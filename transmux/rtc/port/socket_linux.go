package port

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// oobSize holds the control messages of one receive or send: IPV6_PKTINFO is
// the largest, UDP_SEGMENT comes beside it.
const oobSize = 128

// socket is what Linux adds to a UDP socket: knowing and choosing the local
// address, and segmentation.
type socket struct {
	raw  syscall.RawConn
	ipv6 bool // an AF_INET6 socket, which may carry IPv4 too
}

func (s *socket) init(conn *net.UDPConn, wildcard bool) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	s.raw = raw
	var failed error
	err = raw.Control(func(fd uintptr) {
		domain, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		if err != nil {
			failed = err
			return
		}
		s.ipv6 = domain == unix.AF_INET6
		if !wildcard {
			return
		}
		// A host with several addresses must answer from the one it was asked at.
		if s.ipv6 {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		} else {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		}
	})
	return errors.Join(err, failed)
}

// canSegment asks whether the kernel knows UDP_SEGMENT (Linux 4.18).
func (s *socket) canSegment() bool {
	known := false
	_ = s.raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		known = err == nil
	})
	return known
}

// unsentLow is how many bytes of a connection the kernel may hold that are not on
// their way yet (TCP_NOTSENT_LOWAT, tcp(7)). What is on its way is as much as the
// line takes; all else waits with us, where it can still be left out: by default
// it would be megabytes, seconds of a picture nobody wants any more.
const unsentLow = 32 << 10

// tune prepares a connection for media. Each setting is a wish.
func tune(conn *net.TCPConn) {
	_ = conn.SetNoDelay(true) // Go's default, and what all of this stands on
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentLow)
		})
	}
}

// localOf is the address that a datagram was sent to, from its control messages.
func localOf(oob []byte) netip.Addr {
	for len(oob) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		switch {
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= 16:
			return netip.AddrFrom16([16]byte(data[:16])).Unmap()
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= 12:
			return netip.AddrFrom4([4]byte(data[8:12]))
		}
		oob = rest
	}
	return netip.Addr{}
}

// sendCall is the memory of a sendmsg, laid out once.
type sendCall struct {
	raw    syscall.RawConn
	ipv6   bool
	oob    [oobSize]byte
	addr4  unix.RawSockaddrInet4
	addr6  unix.RawSockaddrInet6
	iov    unix.Iovec
	msg    unix.Msghdr
	err    error
	invoke func(fd uintptr) // made once, as the next: a closure per call would allocate

	lend   func(fd uintptr)
	do     func()  // what lend runs
	fd     uintptr // lent for a while
	isLent bool
}

func (c *sendCall) init(p *Port) {
	c.raw, c.ipv6 = p.socket.raw, p.socket.ipv6
	c.addr4.Family, c.addr6.Family = unix.AF_INET, unix.AF_INET6
	c.lend = func(fd uintptr) {
		c.fd, c.isLent = fd, true
		defer func() { c.isLent = false }()
		do := c.do
		c.do = nil
		do()
	}
	c.invoke = func(fd uintptr) {
		c.err = nil
		// It never waits for room: a live packet is late or lost, not queued. So the
		// scheduler need not be told either, which takes as long as the packet's copy.
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&c.msg)), unix.MSG_DONTWAIT)
		if errno != 0 {
			c.err = errno
		}
	}
}

// send is one sendmsg of packet, cut into segments of that size if it is not zero.
func (c *sendCall) send(to *Path, packet []byte, segment int) error {
	c.iov.Base = unsafe.SliceData(packet)
	c.iov.SetLen(len(packet))
	c.msg = unix.Msghdr{Iov: &c.iov}
	c.msg.SetIovlen(1)
	c.setName(to.Remote)
	oob := c.oob[:0]
	if to.Local.IsValid() {
		oob = c.appendPktinfo(oob, to.Local)
	}
	if segment > 0 {
		oob = appendCmsg(oob, unix.IPPROTO_UDP, unix.UDP_SEGMENT, 2)
		binary.NativeEndian.PutUint16(oob[len(oob)-unix.CmsgSpace(2)+unix.CmsgLen(0):], uint16(segment))
	}
	if len(oob) > 0 {
		c.msg.Control = unsafe.SliceData(oob)
		c.msg.SetControllen(len(oob))
	}
	// Control and not Write: that would have everybody who sends wait for the socket in
	// turn, which only streams need.
	if c.isLent {
		c.invoke(c.fd)
		return c.err
	}
	if err := c.raw.Control(c.invoke); err != nil {
		return err
	}
	return c.err
}

// hold lends the descriptor to all sends that do makes. A socket that is closed is
// not lent, and each of them is told.
func (c *sendCall) hold(do func()) {
	c.do = do
	if err := c.raw.Control(c.lend); err != nil {
		c.do = nil
		do()
	}
}

func (c *sendCall) setName(remote netip.AddrPort) {
	if c.ipv6 {
		c.addr6.Addr = remote.Addr().As16() // IPv4 becomes ::ffff:a.b.c.d
		putPort(&c.addr6.Port, remote.Port())
		c.msg.Name = (*byte)(unsafe.Pointer(&c.addr6))
		c.msg.Namelen = unix.SizeofSockaddrInet6
		return
	}
	c.addr4.Addr = remote.Addr().Unmap().As4()
	putPort(&c.addr4.Port, remote.Port())
	c.msg.Name = (*byte)(unsafe.Pointer(&c.addr4))
	c.msg.Namelen = unix.SizeofSockaddrInet4
}

func putPort(field *uint16, port uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(field))[:], port)
}

// appendPktinfo chooses the source address (ip(7), ipv6(7)); an AF_INET6 socket
// takes an IPv4 one in its mapped form.
func (c *sendCall) appendPktinfo(oob []byte, local netip.Addr) []byte {
	if c.ipv6 {
		oob = appendCmsg(oob, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo)
		addr := local.As16()
		copy(oob[len(oob)-unix.CmsgSpace(unix.SizeofInet6Pktinfo)+unix.CmsgLen(0):], addr[:])
		return oob
	}
	oob = appendCmsg(oob, unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)
	addr := local.Unmap().As4()
	copy(oob[len(oob)-unix.CmsgSpace(unix.SizeofInet4Pktinfo)+unix.CmsgLen(0)+4:], addr[:])
	return oob
}

// appendCmsg appends a control message of size zero bytes.
func appendCmsg(oob []byte, level, kind int32, size int) []byte {
	start := len(oob)
	oob = oob[:start+unix.CmsgSpace(size)]
	clear(oob[start:])
	header := (*unix.Cmsghdr)(unsafe.Pointer(&oob[start]))
	header.Level, header.Type = level, kind
	header.SetLen(unix.CmsgLen(size))
	return oob
}

// refusesSegments: EIO where the device cannot checksum, ENOPROTOOPT and
// EOPNOTSUPP from old kernels.
func refusesSegments(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ENOPROTOOPT) || errors.Is(err, unix.EOPNOTSUPP)
}

// segmentTooLarge: EINVAL where a segment does not fit the path's MTU.
func segmentTooLarge(err error) bool { return errors.Is(err, unix.EINVAL) }

func wouldBlock(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS)
}
