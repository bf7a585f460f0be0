package doctor

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// onSocket looks at a UDP socket of loopback.
func onSocket(look func(conn *net.UDPConn, fd int) error) error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = look(conn, int(fd)) })
	return errors.Join(err, failed)
}

// socketBuffers asks for buffers of that size and says what was granted, in bytes.
func socketBuffers(want int) (in, out int, err error) {
	err = onSocket(func(_ *net.UDPConn, fd int) (err error) {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, want) // a refusal shows in what was granted
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, want)
		if in, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
			out, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
		}
		return err
	})
	return in / 2, out / 2, err // the kernel doubles them for its own bookkeeping: socket(7)
}

func udpSegment() bool { return udpOption(unix.UDP_SEGMENT) }

func udpGRO() bool { return udpOption(unix.UDP_GRO) }

func udpOption(option int) bool {
	return onSocket(func(_ *net.UDPConn, fd int) error {
		_, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, option)
		return err
	}) == nil
}

// clockState asks the kernel (adjtimex(2)) without changing anything.
func clockState() clocks {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return clocks{}
	}
	const timeError = 5 // TIME_ERROR
	synced := state != timeError && t.Status&unix.STA_UNSYNC == 0
	return clocks{known: true, synced: synced, error: time.Duration(t.Maxerror) * time.Microsecond}
}
