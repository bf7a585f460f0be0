package port

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inboxSize is how many datagrams one system call takes at most. What waits is few
// as long as the reader keeps up, and many when it does not.
const inboxSize = 32

// inbox takes all datagrams that wait at the socket in one system call (recvmmsg(2)),
// into memory that is laid out once.
type inbox struct {
	raw    syscall.RawConn
	single bool // the system lets us have only one at a time
	got    int
	err    error
	invoke func(fd uintptr) bool

	headers [inboxSize]messageHeader
	vectors [inboxSize]unix.Iovec
	names   [inboxSize]unix.RawSockaddrInet6 // the larger of the two
	oobs    [inboxSize][oobSize]byte
	data    [inboxSize][maxDatagram]byte
}

// messageHeader is mmsghdr of recvmmsg(2).
type messageHeader struct {
	unix.Msghdr
	length uint32
}

// makeRoom takes back what the kernel wrote over: how much it may write.
func (h *messageHeader) makeRoom() {
	h.Namelen = unix.SizeofSockaddrInet6
	h.SetControllen(oobSize)
}

func newInbox(p *Port) *inbox {
	b := &inbox{raw: p.socket.raw}
	for i := range b.headers {
		b.vectors[i].Base = &b.data[i][0]
		b.vectors[i].SetLen(maxDatagram)
		h := &b.headers[i]
		h.Name, h.Iov, h.Control = (*byte)(unsafe.Pointer(&b.names[i])), &b.vectors[i], &b.oobs[i][0]
		h.SetIovlen(1)
		h.makeRoom()
	}
	b.invoke = func(fd uintptr) bool {
		for b.receive(fd) {
		}
		return !errors.Is(b.err, unix.EAGAIN) // else the poller waits for more
	}
	return b
}

// receive asks the kernel once; again is for another try.
func (b *inbox) receive(fd uintptr) (again bool) {
	for i := range b.got { // the others are as they were
		b.headers[i].makeRoom()
	}
	b.got = 0
	var n uintptr
	var errno syscall.Errno
	if b.single {
		n, _, errno = unix.RawSyscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&b.headers[0])), unix.MSG_DONTWAIT)
		b.headers[0].length, n = uint32(n), 1
	} else {
		n, _, errno = unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.headers[0])), inboxSize, unix.MSG_DONTWAIT, 0, 0)
	}
	switch errno {
	case 0:
		b.got, b.err = int(n), nil
		return false
	case unix.EINTR:
		return true
	case unix.ENOSYS:
		if !b.single {
			b.single = true
			return true
		}
	}
	b.err = errno
	return false
}

// wait returns how many datagrams there are now, at least one without an error.
func (b *inbox) wait() (int, error) {
	if err := b.raw.Read(b.invoke); err != nil {
		return 0, err
	}
	return b.got, b.err
}

// datagram is the i-th of them, until the next wait: what it says, who sent it, and
// what the kernel says beside.
func (b *inbox) datagram(i int) (data []byte, from netip.AddrPort, oob []byte) {
	h := &b.headers[i]
	return b.data[i][:h.length], addressOf(&b.names[i]), b.oobs[i][:h.Controllen]
}

// addressOf reads an IPv4 or IPv6 address; zones, which only link-local addresses
// have, are left out, since nothing is sent to those.
func addressOf(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), hostOrder(four.Port))
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), hostOrder(name.Port))
}

func hostOrder(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}

// alone tells that only one datagram comes with each call.
func (b *inbox) alone() bool { return b.single }
