// Package receiver is the light WHEP viewer of the load tool: it does on the wire
// what a browser does (offer, checks, handshake, reports, goodbye) and counts what
// comes, at a fraction of a browser's or a PeerConnection's cost. After the first
// keyframe it opens only the packets that carry a measurement.
//
// cmd/millrace/bench calls it. Like rtc/peer it shares nothing with the sending
// endpoint that it measures. It must not know streams, frames or the bus, and it
// is no player: what it has counted is gone.
package receiver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// The causes of a viewer's end.
var (
	ErrUnreachable = errors.New("no connectivity check was answered")
	ErrHandshake   = errors.New("DTLS handshake failed")
	ErrConsent     = errors.New("the server stopped answering checks")
	ErrGoodbye     = errors.New("the server said goodbye")
	ErrClosed      = errors.New("closed")
)

const (
	// tick is how often the shared clock looks at the viewers' due times; reports
	// are a second apart.
	tick = 100 * time.Millisecond
	// nap is how long sockets are left alone while nobody is joining: shorter than
	// the distance of two audio packets, so that little gathers, and long enough
	// for all viewers' packets of one picture to have come.
	nap = 4 * time.Millisecond
	// idleConnections to the WHEP server are kept between joins, as a browser
	// keeps its page's. More would only hold goroutines at the server.
	idleConnections = 4
	certificateLife = 30 * 24 * time.Hour
)

// Config is what the viewers of a room have in common. The zero value counts.
type Config struct {
	// Client makes the HTTP requests; nil is one of the room's own.
	Client *http.Client
	// Plain reads packet by packet. Otherwise, where the kernel can, a run of
	// packets that was sent in one call comes in one, and is never cut up in
	// between: on loopback that spares the sender work too (UDP_GRO, udp(7)).
	Plain bool
	// Eager reads each packet as soon as it is there. Otherwise, where the kernel
	// tells when packets came, viewers that have their keyframe are looked after
	// every few milliseconds: that costs a fraction, and the sender need not wake
	// us with every packet, which no viewer elsewhere asks of it.
	Eager bool

	// Mark finds what was put into a picture for a measurement, in its first RTP
	// payload; nil looks for nothing. It must not keep payload.
	Mark func(payload []byte) (value int64, ok bool)
	// Every is the distance of two marked pictures. In between nothing is opened.
	Every int
	// OnMark takes what Mark found when the picture is whole. It is called on the
	// goroutine that reads, and must neither block nor call the viewer.
	OnMark func(Marked)
}

// Marked is a marked picture that came whole.
type Marked struct {
	Value int64
	// Arrived is when the kernel put its last packet into our socket, where it
	// tells; Read is when we took it out.
	Arrived, Read time.Time
}

// Room is the place of all viewers of a process.
type Room struct {
	cfg         Config
	own         *http.Transport // our client's, nil where it was handed in
	certificate tls.Certificate
	fingerprint string
	poller      poller
	joining     atomic.Int32  // viewers without a keyframe
	wake        chan struct{} // ends a nap

	mu      sync.Mutex
	viewers map[*Viewer]struct{} // guarded by mu
	closed  bool                 // guarded by mu
}

// New makes a room. Serve must run for its viewers to live.
func New(cfg Config) (*Room, error) {
	r := &Room{cfg: cfg, viewers: make(map[*Viewer]struct{}), wake: make(chan struct{}, 1)}
	if cfg.Client == nil {
		r.own = &http.Transport{MaxIdleConnsPerHost: idleConnections}
		r.cfg.Client = &http.Client{Transport: r.own}
	}
	var err error
	// One certificate for all: making it is no part of what is measured.
	if r.certificate, err = newCertificate(time.Now()); err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	r.fingerprint = fingerprint(r.certificate.Certificate[0])
	if err := r.poller.open(); err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	return r, nil
}

// Serve reads for the viewers and sends their reports and checks until ctx ends,
// then ends those that are still there, without a word to the server, and waits
// for them.
func (r *Room) Serve(ctx context.Context) error {
	err := r.poll(ctx)
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	for _, v := range r.list() {
		v.end(ErrClosed)
		v.work.Wait()
	}
	r.poller.close()
	if r.own != nil {
		r.own.CloseIdleConnections()
	}
	if err != nil {
		return fmt.Errorf("receiver: %w", err)
	}
	return nil
}

// tick does what is due for all.
func (r *Room) tick(now time.Time) {
	for _, v := range r.list() {
		v.tick(now)
	}
}

// hurry makes the reading eager until v has its keyframe, or is over.
func (r *Room) hurry(v *Viewer) {
	r.joining.Add(1)
	v.calm = sync.OnceFunc(func() { r.joining.Add(-1) })
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Rest closes connections to the server that no request needs now, so that they
// are not counted among what viewers cost it.
func (r *Room) Rest() { r.cfg.Client.CloseIdleConnections() }

func (r *Room) list() []*Viewer {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Viewer, 0, len(r.viewers))
	for v := range r.viewers {
		list = append(list, v)
	}
	return list
}

func (r *Room) add(v *Viewer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if err := r.enter(v); err != nil {
		r.leave(v)
		return err
	}
	r.viewers[v] = struct{}{}
	return nil
}

func (r *Room) forget(v *Viewer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(v)
	delete(r.viewers, v)
}

func newCertificate(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "viewer"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
