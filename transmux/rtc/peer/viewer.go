package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"

	"millrace/transmux/av"
)

// How a viewer's session ends.
var (
	// ErrGoodbye: the server closed the session with a DTLS close_notify.
	ErrGoodbye = errors.New("peer: the server said goodbye")
	// ErrLost: the server stopped answering, or the handshake failed.
	ErrLost = errors.New("peer: the connection was lost")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("peer: closed")
)

// closing bounds the DELETE when nobody gave it a deadline.
const closing = 5 * time.Second

// Viewer is one WHEP session. Its methods may be called from any goroutine.
type Viewer struct {
	opts     Options
	resource resource
	wire     *wire
	mux      *ice.UDPMuxDefault
	pc       *webrtc.PeerConnection
	owned    *http.Transport // our own client's, nil where it was handed in
	answer   string
	begun    time.Time

	ended     chan struct{} // closed with err set
	connected chan struct{}
	keyframe  chan struct{}
	stop      chan struct{} // closed by Close
	nacks     nacks         // where Options.Recover
	work      sync.WaitGroup

	closeOnce sync.Once
	closeErr  error

	mu     sync.Mutex
	closed bool     // guarded by mu; no more work may begin
	err    error    // guarded by mu; why it ended
	timing Timing   // guarded by mu
	video  sequence // guarded by mu
	audio  sequence // guarded by mu
}

// Watch posts an offer to the WHEP endpoint and takes the answer. It returns once
// the session exists; ctx bounds only that. Errors: *StatusError where the server
// refused. The caller must Close the viewer.
func Watch(ctx context.Context, whep string, o Options) (*Viewer, error) {
	v := &Viewer{
		opts:  o,
		ended: make(chan struct{}), connected: make(chan struct{}),
		keyframe: make(chan struct{}), stop: make(chan struct{}),
	}
	v.resource = resource{client: o.Client, header: o.Header}
	if o.Client == nil {
		v.owned = &http.Transport{}
		v.resource.client = &http.Client{Transport: v.owned}
	}
	if err := v.open(ctx, whep); err != nil {
		v.end(err)
		return nil, errors.Join(fmt.Errorf("peer: watch %s: %w", whep, err), v.Close())
	}
	return v, nil
}

func (v *Viewer) open(ctx context.Context, whep string) error {
	var err error
	if v.wire, err = listen(v.opts.Listen); err != nil {
		return err
	}
	v.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: v.wire})
	api, err := engine(&v.opts, v.mux)
	if err != nil {
		return err
	}
	if v.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	v.pc.OnConnectionStateChange(v.state)
	v.pc.OnTrack(v.track)
	v.begun = time.Now()
	if v.opts.Invited {
		err = v.accept(ctx, whep)
	} else {
		err = v.offer(ctx, whep)
	}
	if err != nil {
		return err
	}
	v.mu.Lock()
	v.timing.Answered = time.Since(v.begun)
	v.mu.Unlock()
	v.work.Go(v.watchGoodbye)
	if v.opts.Recover {
		v.work.Go(v.keepAsking)
	}
	if v.opts.Invited {
		return nil
	}
	return v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: v.answer})
}

// offer posts an offer and notes the answer.
func (v *Viewer) offer(ctx context.Context, whep string) error {
	if err := transceivers(v.pc, &v.opts); err != nil {
		return err
	}
	offer, err := v.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	local, err := v.gather(ctx, offer)
	if err != nil {
		return err
	}
	v.begun = time.Now()
	v.answer, err = v.resource.post(ctx, whep, local, http.StatusCreated)
	return err
}

// watchGoodbye waits for the server's close_notify.
func (v *Viewer) watchGoodbye() {
	select {
	case <-v.wire.goodbye:
		v.end(ErrGoodbye)
	case <-v.stop:
	}
}

func (v *Viewer) state(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.timing.Connected == 0 {
			v.timing.Connected = time.Since(v.begun)
			close(v.connected)
		}
	case webrtc.PeerConnectionStateFailed:
		v.end(ErrLost)
	default:
	}
}

// end notes the session's one cause; the first one stays.
func (v *Viewer) end(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err == nil {
		v.err = err
		close(v.ended)
	}
}

// Done is closed when the session has ended, from either side.
func (v *Viewer) Done() <-chan struct{} { return v.ended }

// Err is nil while the session lives, then ErrGoodbye, ErrLost or ErrClosed.
func (v *Viewer) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

// WaitConnected returns when ICE and DTLS are up, or with the session's or the
// context's error.
func (v *Viewer) WaitConnected(ctx context.Context) error { return v.wait(ctx, v.connected) }

// WaitKeyframe returns when the first whole keyframe has come, or with the
// session's or the context's error.
func (v *Viewer) WaitKeyframe(ctx context.Context) error { return v.wait(ctx, v.keyframe) }

func (v *Viewer) wait(ctx context.Context, happened <-chan struct{}) error {
	select {
	case <-happened:
		return nil
	case <-v.ended:
		return v.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Timing returns what has happened so far.
func (v *Viewer) Timing() Timing {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.timing
}

// Begun is the moment just before the POST.
func (v *Viewer) Begun() time.Time { return v.begun }

// Answer is the server's SDP.
func (v *Viewer) Answer() string { return v.answer }

// ETag names the present ICE session, as the server does.
func (v *Viewer) ETag() string { return v.resource.etag }

// Header is what came with the session, such as Links to its extensions.
func (v *Viewer) Header() http.Header { return v.resource.begun }

// Location is the session's absolute address.
func (v *Viewer) Location() string { return v.resource.location }

// Stats returns the counters of one kind of track.
func (v *Viewer) Stats(k av.Kind) Stats {
	v.mu.Lock()
	defer v.mu.Unlock()
	if k == av.Video {
		return v.video.snapshot()
	}
	return v.audio.snapshot()
}

// RequestKeyframe sends a picture loss indication (RFC 4585 section 6.3.1) for
// the video that has come so far; without any it does nothing.
func (v *Viewer) RequestKeyframe() error {
	ssrc := v.Stats(av.Video).SSRC
	if ssrc == 0 {
		return nil
	}
	return v.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

// Close deletes the session at the server, unless that has ended it, closes the
// connection and waits for everything. Later calls return the first one's error.
func (v *Viewer) Close() error {
	v.closeOnce.Do(func() { v.closeErr = v.close(true) })
	return v.closeErr
}

// Vanish closes without a word to the server, as a machine does that loses its
// network: no DELETE, no close_notify, nothing on the wire.
func (v *Viewer) Vanish() error {
	v.closeOnce.Do(func() {
		v.wire.mute.Store(true)
		v.closeErr = v.close(false)
	})
	return v.closeErr
}

func (v *Viewer) close(remove bool) error {
	var errs []error
	if remove && !errors.Is(v.Err(), ErrGoodbye) {
		ctx, cancel := context.WithTimeout(context.Background(), closing)
		errs = append(errs, v.resource.remove(ctx))
		cancel()
	}
	v.end(ErrClosed)
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	close(v.stop)
	if v.pc != nil {
		errs = append(errs, v.pc.GracefulClose())
	}
	if v.mux != nil {
		errs = append(errs, v.mux.Close())
	}
	if v.wire != nil {
		if err := v.wire.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	v.work.Wait()
	if v.owned != nil {
		v.owned.CloseIdleConnections()
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("peer: close: %w", err)
	}
	return nil
}
