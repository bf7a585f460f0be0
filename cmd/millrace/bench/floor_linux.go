package bench

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sinkBuffer holds what the sinks have not read yet, in bytes.
const sinkBuffer = 1 << 20

// floorOf runs the bare loop for a while and returns the µs of CPU time that a
// packet took of the sending thread.
func floorOf(ctx context.Context, o FloorOptions, way Way, audioRate float64) (float64, error) {
	strands, err := newStrands(o.Viewers)
	if err != nil {
		return 0, err
	}
	s, err := openSinks(ctx, o.Viewers, o.Plain, o.Eager)
	if err != nil {
		return 0, err
	}
	defer s.close()
	out, err := newOutlet(o, way)
	if err != nil {
		return 0, err
	}
	defer out.close()
	// The thread's own time is measured, so the loop must stay on it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l := loop{o: o, way: way, strands: strands, sinks: s, out: out, audio: dealer{rate: audioRate / max(o.Rate, 1)}, packets: dealer{rate: o.Packets}}
	if err := l.run(ctx, o.Duration/4); err != nil { // warm
		return 0, err
	}
	l.sent = 0
	begun := threadTime()
	if err := l.run(ctx, o.Duration); err != nil {
		return 0, err
	}
	return float64((threadTime() - begun).Nanoseconds()) / 1000 / float64(max(l.sent, 1)), nil
}

// threadTime is the CPU time of the calling thread.
func threadTime() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &u) // cannot fail with a valid pointer
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// loop is the bare loop: round by round a picture to each viewer, and sometimes
// a packet of sound.
type loop struct {
	o              FloorOptions
	way            Way
	strands        []strand
	sinks          *sinks
	out            *outlet
	packets, audio dealer
	sent           int
}

func (l *loop) run(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	var tick <-chan time.Time
	if l.o.Rate > 0 {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / l.o.Rate))
		defer ticker.Stop()
		tick = ticker.C
	}
	for time.Now().Before(end) {
		if tick != nil {
			select {
			case <-tick:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		packets, audio := l.packets.next(), l.audio.next()
		for i := range l.strands {
			if err := l.picture(i, packets); err != nil {
				return err
			}
			for range audio {
				l.strands[i].seal(l.out.run, 1, audioBytes)
				if err := l.out.send(&l.sinks.addrs[i], 1, audioBytes, WaySendto); err != nil {
					return err
				}
			}
		}
		l.sent += (packets + audio) * len(l.strands)
	}
	return nil
}

func (l *loop) picture(i, packets int) error {
	l.strands[i].seal(l.out.run, packets, l.o.Bytes)
	if l.way == WaySeal {
		return nil
	}
	return l.out.send(&l.sinks.addrs[i], packets, l.o.Bytes, l.way)
}

// sinks are the sockets that are sent to. One goroutine reads them, as it does
// the viewers' sockets.
type sinks struct {
	fds    []int
	addrs  []unix.RawSockaddrInet4
	poll   int
	cancel context.CancelFunc
	work   sync.WaitGroup
}

const (
	// sinkNap is between two rounds of a reader that is not eager, as in the viewers.
	sinkNap = 4 * time.Millisecond
	// sinkEvents is how many sinks are told of at a time.
	sinkEvents = 512
)

func openSinks(ctx context.Context, n int, plain, eager bool) (*sinks, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &sinks{poll: poll, cancel: cancel}
	for range n {
		if err := s.open(plain); err != nil {
			s.close()
			return nil, err
		}
	}
	s.work.Go(func() { s.drain(ctx, eager) })
	return s, nil
}

func (s *sinks) open(plain bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	s.fds = append(s.fds, fd)
	loopback := [4]byte{127, 0, 0, 1}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: loopback}); err != nil {
		return err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	// Wishes, as in the viewers.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, sinkBuffer)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if !plain {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	}
	addr := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: loopback}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&addr.Port))[:], uint16(name.(*unix.SockaddrInet4).Port))
	s.addrs = append(s.addrs, addr)
	return unix.EpollCtl(s.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// drain reads and forgets.
func (s *sinks) drain(ctx context.Context, eager bool) {
	buf, events := make([]byte, maxRunBytes+1000), make([]unix.EpollEvent, sinkEvents)
	wait := 0
	if eager {
		wait = 100 // milliseconds, after which it looks whether it is over
	}
	for ctx.Err() == nil {
		n, _ := unix.EpollWait(s.poll, events, wait) // interrupted is as good as none
		for i := range max(n, 0) {
			for {
				if _, err := unix.Read(int(events[i].Fd), buf); err != nil {
					break
				}
			}
		}
		if !eager && pass(ctx, sinkNap) != nil {
			return
		}
	}
}

func (s *sinks) close() {
	s.cancel()
	s.work.Wait()
	for _, fd := range s.fds {
		_ = unix.Close(fd)
	}
	_ = unix.Close(s.poll)
}

// outlet is one socket that sends to all, and the memory of its system calls.
type outlet struct {
	fd   int
	run  []byte
	oob  []byte
	iov  [maxRunPackets]unix.Iovec
	msgs [maxRunPackets]mmsghdr
}

// mmsghdr is sendmmsg(2)'s.
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

func newOutlet(o FloorOptions, way Way) (*outlet, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 4*sinkBuffer) // a wish
	out := &outlet{fd: fd, run: make([]byte, maxRunBytes)}
	if way == WaySegmented {
		out.oob = make([]byte, unix.CmsgSpace(2))
		header := (*unix.Cmsghdr)(unsafe.Pointer(&out.oob[0]))
		header.Level, header.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		header.SetLen(unix.CmsgLen(2))
		binary.NativeEndian.PutUint16(out.oob[unix.CmsgLen(0):], uint16(o.Bytes))
	}
	return out, nil
}

func (out *outlet) close() { _ = unix.Close(out.fd) }

// send sends packets that lie end to end in run.
func (out *outlet) send(to *unix.RawSockaddrInet4, packets, size int, way Way) error {
	switch {
	case way == WaySegmented && packets > 1:
		return out.message(to, 0, packets*size, out.oob)
	case way == WaySendmmsg && packets > 1:
		return out.messages(to, packets, size)
	}
	for i := range packets {
		if err := out.message(to, i*size, size, nil); err != nil {
			return err
		}
	}
	return nil
}

// lay fills in the i-th message.
func (out *outlet) lay(i int, to *unix.RawSockaddrInet4, start, size int, oob []byte) *unix.Msghdr {
	out.iov[i].Base = &out.run[start]
	out.iov[i].SetLen(size)
	m := &out.msgs[i].header
	*m = unix.Msghdr{Iov: &out.iov[i], Name: (*byte)(unsafe.Pointer(to)), Namelen: unix.SizeofSockaddrInet4}
	m.SetIovlen(1)
	if oob != nil {
		m.Control = &oob[0]
		m.SetControllen(len(oob))
	}
	return m
}

func (out *outlet) message(to *unix.RawSockaddrInet4, start, size int, oob []byte) error {
	m := out.lay(0, to, start, size, oob)
	_, _, errno := unix.Syscall(unix.SYS_SENDMSG, uintptr(out.fd), uintptr(unsafe.Pointer(m)), unix.MSG_DONTWAIT)
	return refused(errno)
}

func (out *outlet) messages(to *unix.RawSockaddrInet4, packets, size int) error {
	for i := range packets {
		out.lay(i, to, i*size, size, nil)
	}
	_, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(out.fd), uintptr(unsafe.Pointer(&out.msgs[0])), uintptr(packets), unix.MSG_DONTWAIT, 0, 0)
	return refused(errno)
}

// refused lets pass that there was no room, as a server would.
func refused(errno unix.Errno) error {
	if errno == 0 || errno == unix.EAGAIN || errno == unix.ENOBUFS {
		return nil
	}
	return errno
}
