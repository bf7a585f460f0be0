package receiver

import (
	"encoding/binary"
	"net/netip"
	"os"
	"sync"
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

// socket is a viewer's. It is not known to Go's own poller, which would wake up
// for every packet of every viewer; see poller.
type socket struct {
	local netip.AddrPort
	mu    sync.RWMutex // held for reading while fd is used
	fd    int          // -1 once closed
}

// listen opens a socket on the loopback.
func listen(plain bool) (*socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &socket{fd: fd}
	if err := s.bind(); err != nil {
		s.close()
		return nil, err
	}
	prepare(fd, plain)
	return s, nil
}

func (s *socket) bind() error {
	loopback := [4]byte{127, 0, 0, 1}
	if err := unix.Bind(s.fd, &unix.SockaddrInet4{Addr: loopback}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	name, err := unix.Getsockname(s.fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	s.local = netip.AddrPortFrom(netip.AddrFrom4(loopback), uint16(name.(*unix.SockaddrInet4).Port))
	return nil
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

func (s *socket) address() netip.AddrPort { return s.local }

// send sends one packet, at once or not at all.
func (s *socket) send(packet []byte, to netip.AddrPort) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.fd < 0 {
		return os.ErrClosed
	}
	return os.NewSyscallError("sendto", unix.Sendto(s.fd, packet, unix.MSG_DONTWAIT, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}))
}

// close also takes the socket out of its poller.
func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fd >= 0 {
		_ = unix.Close(s.fd)
		s.fd = -1
	}
}

// inlet is the memory of a recvmsg, laid out once for all viewers.
type inlet struct {
	run  [maxRun]byte
	oob  [oobSize]byte
	from unix.RawSockaddrInet4
	iov  unix.Iovec
	msg  unix.Msghdr
}

// receive is one recvmsg; 0 where nothing is there.
func (in *inlet) receive(s *socket) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.fd < 0 {
		return 0
	}
	in.iov.Base = &in.run[0]
	in.iov.SetLen(len(in.run))
	in.msg = unix.Msghdr{Iov: &in.iov, Name: (*byte)(unsafe.Pointer(&in.from)), Namelen: unix.SizeofSockaddrInet4}
	in.msg.SetIovlen(1)
	in.msg.Control = &in.oob[0]
	in.msg.SetControllen(len(in.oob))
	n, _, errno := unix.Syscall(unix.SYS_RECVMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&in.msg)), unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0 // empty, interrupted, or an ICMP error about what we sent
	}
	return int(n)
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
