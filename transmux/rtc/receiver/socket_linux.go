package receiver

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// maxRun is the largest thing that one read gives: a maximal UDP datagram.
	maxRun = 64 << 10
	// oobSize holds our control messages: a time, a segment size, a counter.
	oobSize = 256
	// receiveBuffer in bytes: a machine that is fully loaded leaves a reader off
	// the processor for a while, and the loss that is counted should be the server's.
	receiveBuffer = 4 << 20
)

// listen opens a viewer's socket on the loopback.
func listen(plain bool) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { prepare(int(fd), plain) })
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// prepare sets options. All of them are wishes: without the first two it costs
// more, without the others less is known.
func prepare(fd int, plain bool) {
	if !plain {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	}
	// FORCE is for root and goes over net.core.rmem_max.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
}

// inlet is the memory of a recvmsg, laid out once and lent to whoever has
// something to read, so that a thousand viewers need a few.
type inlet struct {
	run  [maxRun]byte
	oob  [oobSize]byte
	from unix.RawSockaddrInet4
	iov  unix.Iovec
	msg  unix.Msghdr
}

func newInlet() *inlet { return &inlet{} }

// read takes from the socket until it is closed or the viewer is over.
func (v *Viewer) read() error {
	raw, err := v.conn.SyscallConn()
	if err != nil {
		return err
	}
	if err := raw.Read(v.drain); err != nil {
		return err
	}
	return v.Err()
}

// drain takes all that is there; false waits for more.
func (v *Viewer) drain(fd uintptr) bool {
	in := v.room.inlets.Get().(*inlet)
	defer v.room.inlets.Put(in)
	for v.ctx.Err() == nil {
		n, errno := in.receive(fd)
		switch errno {
		case 0:
		case unix.EAGAIN:
			return false
		default:
			continue // interrupted, or an ICMP error about what we sent
		}
		if n == 0 {
			continue
		}
		size, at, dropped := in.control(n)
		if dropped != 0 {
			v.noteDropped(dropped)
		}
		v.take(in.run[:n], size, in.source(), at)
	}
	return true
}

func (v *Viewer) noteDropped(count uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dropped = count // the kernel's own sum
}

// receive is one recvmsg.
func (in *inlet) receive(fd uintptr) (int, unix.Errno) {
	in.iov.Base = &in.run[0]
	in.iov.SetLen(len(in.run))
	in.msg = unix.Msghdr{Iov: &in.iov, Name: (*byte)(unsafe.Pointer(&in.from)), Namelen: unix.SizeofSockaddrInet4}
	in.msg.SetIovlen(1)
	in.msg.Control = &in.oob[0]
	in.msg.SetControllen(len(in.oob))
	n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&in.msg)), unix.MSG_DONTWAIT)
	return int(n), errno
}

// control reads the control messages: the size of the packets in a run of n
// bytes, when it came, and how many datagrams had to be dropped ever.
func (in *inlet) control(n int) (size int, at arrival, dropped uint32) {
	size = n
	at.read = time.Now()
	at.socket = at.read
	oob := in.oob[:min(int(in.msg.Controllen), len(in.oob))]
	for len(oob) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		switch {
		case header.Level == unix.IPPROTO_UDP && header.Type == unix.UDP_GRO && len(data) >= 4:
			if s := int(binary.NativeEndian.Uint32(data)); s > 0 {
				size = s
			}
		case header.Level == unix.SOL_SOCKET && header.Type == unix.SO_TIMESTAMPNS && len(data) >= 16:
			at.socket = time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
		case header.Level == unix.SOL_SOCKET && header.Type == unix.SO_RXQ_OVFL && len(data) >= 4:
			dropped = binary.NativeEndian.Uint32(data)
		}
		oob = rest
	}
	return size, at, dropped
}

// source is the sender's address.
func (in *inlet) source() netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&in.from.Port))[:])
	return netip.AddrPortFrom(netip.AddrFrom4(in.from.Addr), port)
}
