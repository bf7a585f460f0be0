package receiver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v3"
)

const (
	// connectTimeout is how long checks and handshake may take together; the slowest
	// peers take a second or two under load.
	connectTimeout = 15 * time.Second
	// maxEarly is how many packets are kept that came before our keys were ready:
	// the server has its keys a flight earlier and may send a keyframe at once.
	maxEarly = 1024
)

// Viewer is one WHEP session. Its methods may be called from any goroutine.
type Viewer struct {
	room     *Room
	id       int32 // the poller's name for it
	socket   *socket
	local    local
	remote   *answer
	at       netip.AddrPort // the server's
	location string
	begun    time.Time
	pipe     *pipe
	calm     func() // lets the reading be less eager

	ctx     context.Context // the session's; its cause is why it ended
	cancel  context.CancelCauseFunc
	give    context.CancelFunc // gives connecting up
	work    sync.WaitGroup
	leaving atomic.Bool

	// Closed when it has come to pass; settled is when connecting is over, with
	// whatever success.
	connected, keyframe, checked, settled chan struct{}

	mu       sync.Mutex // never held while end is called
	keys     *keys
	farewell []byte // a sealed close_notify
	early    []early
	checks   checks
	timing   Timing
	tracks   [kinds]track
	picture  picture
	opened   []byte // of the last packet that was opened
	unopened uint64
	reads    uint64
	dropped  uint32
	reports  reports
}

// early is a packet that came before the keys.
type early struct {
	packet []byte
	at     arrival
}

// arrival is when a packet came.
type arrival struct{ socket, read time.Time }

// Timing holds what happened how long after the POST was begun; zero is not yet.
type Timing struct {
	Answered  time.Duration // the answer was read
	Connected time.Duration // checks and handshake are through, on our side
	Keyframe  time.Duration // the last packet of the first whole keyframe was read
}

// Watch posts an offer and takes the answer; the viewer then connects by itself.
// ctx bounds the request only. An error is a *StatusError where the server
// refused. The caller must Close the viewer.
func (r *Room) Watch(ctx context.Context, whep string) (*Viewer, error) {
	v := &Viewer{
		room:      r,
		connected: make(chan struct{}), keyframe: make(chan struct{}),
		checked: make(chan struct{}), settled: make(chan struct{}),
	}
	v.ctx, v.cancel = context.WithCancelCause(context.Background())
	if err := v.open(ctx, whep); err != nil {
		v.cancel(err)
		return nil, fmt.Errorf("receiver: %w", err)
	}
	return v, nil
}

func (v *Viewer) open(ctx context.Context, whep string) error {
	var err error
	if v.socket, err = listen(v.room.cfg.Plain); err != nil {
		return err
	}
	v.local = newLocal(v.room.fingerprint, v.socket.address())
	v.room.hurry(v)
	v.begun = time.Now()
	if err := v.negotiate(ctx, whep); err != nil {
		v.calm()
		v.socket.close()
		return err
	}
	v.pipe = newPipe(v.socket, v.at)
	v.picture.looking = true
	v.reports.plan(v.begun)
	connecting, give := context.WithTimeout(v.ctx, connectTimeout)
	v.give = give
	if err := v.room.add(v); err != nil {
		give()
		v.calm()
		v.socket.close()
		return errors.Join(err, v.room.remove(ctx, v.location))
	}
	v.work.Go(func() {
		defer give()
		defer close(v.settled)
		v.connect(connecting)
	})
	return nil
}

func (v *Viewer) negotiate(ctx context.Context, whep string) error {
	sdp, location, err := v.room.post(ctx, whep, v.local.offer())
	if err != nil {
		return err
	}
	v.location = location
	if v.remote, err = parseAnswer(sdp); err != nil {
		return errors.Join(err, v.room.remove(ctx, location))
	}
	v.at = v.remote.nearest()
	v.timing.Answered = time.Since(v.begun)
	return nil
}

// connect goes through the checks and the handshake.
func (v *Viewer) connect(ctx context.Context) {
	if err := v.check(ctx); err != nil {
		v.end(err)
		return
	}
	conn, k, err := v.shake(ctx)
	if err != nil {
		v.end(fmt.Errorf("%w: %w", ErrHandshake, err))
		return
	}
	v.ready(k)
	v.retire(conn)
}

// ready counts from here on, beginning with what came too early.
func (v *Viewer) ready(k *keys) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = k
	v.timing.Connected = time.Since(v.begun)
	close(v.connected)
	for _, e := range v.early {
		v.takeRTP(e.packet, e.at)
	}
	v.early = nil
}

// end ends the viewer; the first cause stays. It must not be called with mu held.
func (v *Viewer) end(cause error) {
	v.over(cause)
	v.room.forget(v)
	v.socket.close()
	_ = v.pipe.Close()
	v.calm()
}

// Connected is closed when the handshake is through.
func (v *Viewer) Connected() <-chan struct{} { return v.connected }

// Keyframe is closed when the first whole keyframe has come.
func (v *Viewer) Keyframe() <-chan struct{} { return v.keyframe }

// Done is closed when the session is over, from either side.
func (v *Viewer) Done() <-chan struct{} { return v.ctx.Done() }

// Err is nil while the session lives, then why it ended.
func (v *Viewer) Err() error { return context.Cause(v.ctx) }

// Timing returns what has happened so far.
func (v *Viewer) Timing() Timing {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.timing
}

// Close deletes the session at the server, says goodbye and waits until
// everything has ended. ctx bounds the request.
func (v *Viewer) Close(ctx context.Context) error {
	v.leaving.Store(true)
	var err error
	if !errors.Is(v.Err(), ErrGoodbye) {
		if err = v.room.remove(ctx, v.location); err != nil {
			err = fmt.Errorf("receiver: %w", err)
		}
		v.give()
		<-v.settled
		v.mu.Lock()
		farewell := v.farewell
		v.mu.Unlock()
		v.send(farewell, v.at)
	}
	v.end(ErrClosed)
	v.work.Wait()
	return err
}

// over notes the cause of the end. Once we are leaving, that is the cause of
// everything else.
func (v *Viewer) over(cause error) {
	if v.leaving.Load() {
		cause = ErrClosed
	}
	v.cancel(cause)
}

// send sends one packet; one that is lost is sent again by whoever needs it.
func (v *Viewer) send(packet []byte, to netip.AddrPort) {
	if len(packet) > 0 {
		_ = v.socket.send(packet, to)
	}
}

// take sorts what came in one read: a packet, or packets of that size end to end
// of which the last may be shorter.
func (v *Viewer) take(run []byte, size int, from netip.AddrPort, at arrival) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reads++
	for len(run) > 0 {
		n := min(size, len(run))
		v.takePacket(run[:n], from, at)
		run = run[n:]
	}
}

// takePacket sorts by the first bytes (RFC 7983 section 7, RFC 5761 section 4).
func (v *Viewer) takePacket(packet []byte, from netip.AddrPort, at arrival) {
	switch first := packet[0]; {
	case first < 4 && stun.IsMessage(packet):
		v.takeSTUN(packet, from)
	case first >= 20 && first <= 63:
		v.takeDTLS(packet)
	case first < 128 || first > 191 || len(packet) < rtpHeader:
	case packet[1] >= 192 && packet[1] <= 223:
		v.takeRTCP(packet, at)
	case v.keys != nil:
		v.takeRTP(packet, at)
	case len(v.early) < maxEarly:
		v.early = append(v.early, early{append([]byte(nil), packet...), at})
	}
}
