package receiver

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxEvents is how many ready sockets are told of at a time.
	maxEvents = 512
	// maxReads bounds what one socket is read in a row.
	maxReads = 64
)

// poller tells which sockets have something to read. One goroutine reads for all
// viewers, since a thousand that wake up for each packet would cost several times
// what the packets do.
type poller struct {
	fd   int
	next int32             // guarded by Room.mu
	byID map[int32]*Viewer // guarded by Room.mu
}

func (p *poller) open() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	p.fd, p.byID = fd, make(map[int32]*Viewer)
	return os.NewSyscallError("epoll_create1", err)
}

func (p *poller) close() { _ = unix.Close(p.fd) }

// enter begins to read for a viewer. Called with mu held.
func (r *Room) enter(v *Viewer) error {
	r.poller.next++
	v.id = r.poller.next
	r.poller.byID[v.id] = v
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: v.id}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(r.poller.fd, unix.EPOLL_CTL_ADD, v.socket.fd, &event))
}

// leave is called with mu held. Closing the socket does the rest.
func (r *Room) leave(v *Viewer) { delete(r.poller.byID, v.id) }

// poll reads for all viewers, and keeps their time, until ctx ends.
func (r *Room) poll(ctx context.Context) error {
	in, events, ready := &inlet{}, make([]unix.EpollEvent, maxEvents), make([]*Viewer, 0, maxEvents)
	rest := time.NewTimer(nap)
	defer rest.Stop()
	for next := time.Now().Add(tick); ctx.Err() == nil; {
		eager := r.cfg.Eager || r.joining.Load() > 0
		wait := 0
		if eager {
			wait = max(int(time.Until(next).Milliseconds()), 1)
		}
		n, err := unix.EpollWait(r.poller.fd, events, wait)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("epoll_wait", err)
		}
		ready = r.ready(ready[:0], events[:max(n, 0)])
		for _, v := range ready {
			v.drain(in)
		}
		if now := time.Now(); !now.Before(next) {
			r.tick(now)
			next = now.Add(tick)
		}
		if eager {
			continue
		}
		rest.Reset(nap)
		select {
		case <-rest.C:
		case <-r.wake:
		case <-ctx.Done():
		}
	}
	return nil
}

// ready appends the viewers that the events are about.
func (r *Room) ready(to []*Viewer, events []unix.EpollEvent) []*Viewer {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if v := r.poller.byID[events[i].Fd]; v != nil {
			to = append(to, v)
		}
	}
	return to
}

// drain takes what is there.
func (v *Viewer) drain(in *inlet) {
	for range maxReads {
		n := in.receive(v.socket)
		if n == 0 {
			break
		}
		size, at, dropped := in.control(n)
		if dropped != 0 {
			v.noteDropped(dropped)
		}
		v.take(in.run[:n], size, in.source(), at)
	}
	if v.ctx.Err() != nil {
		v.end(v.Err())
	}
}

func (v *Viewer) noteDropped(count uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dropped = count // the kernel's own sum
}
