// Package directory knows which node originates which stream, which nodes there
// are, and how loaded they are.
//
// Every node has one Directory. cmd/millrace makes it: over a Memory store for a
// single node, over cluster/directory/jetstream for a cluster. The rooms of the
// cluster declare, as small interfaces of their own, what they need of it. It
// must not know a frame, a link or a protocol.
//
// What its users may rely on:
//
//   - Claim, Locate, Offered and the stop functions may wait for the network, as long as
//     their context lets them and a few seconds at most. Nothing else blocks:
//     Watch, Nodes, Node, Self, Report, Health and Suspect answer from memory.
//   - Everything is safe for concurrent use, before Serve, during and after it.
//   - Generations of a stream grow from claim to claim, on whatever node: the
//     place with the greater one is the newer. They are no counters: there are
//     holes between them.
//   - While the directory cannot be reached, what was known stays known: places
//     and nodes are told as they were last, claims go on, new ones are given on
//     trust (Claim.Confirmed) and settled when it is back.
//   - A place that ends is a hint. A link that still delivers frames is worth
//     more than any directory: go on with it until a newer generation shows.
package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// The sentinels at the room's door.
var (
	// ErrTaken means that another node originates the stream; errors.As with a
	// *TakenError tells which.
	ErrTaken = errors.New("stream is published on another node")
	// ErrUnknown means that nobody originates the stream.
	ErrUnknown = errors.New("no node has this stream")
	// ErrMoved is the end of a claim: another node originates the stream now.
	ErrMoved = errors.New("stream is published on another node now")
	// ErrSucceeded is the end of a claim that this node has made anew.
	ErrSucceeded = errors.New("a later publisher of this node has the stream")
	// ErrReleased is the end of a claim that its holder let go.
	ErrReleased = errors.New("claim was released")
	// ErrNameInUse means that a node of this id is alive elsewhere.
	ErrNameInUse = errors.New("another node has this id: set node.id (MILLRACE_NODE_ID) to a name of its own on each node")
	// ErrUnreachable means that the directory cannot be reached now.
	ErrUnreachable = errors.New("the directory cannot be reached")
	// ErrClosed means that the directory was stopped.
	ErrClosed = errors.New("directory is closed")
)

// TakenError says who has the stream.
type TakenError struct{ Holder Place }

func (e *TakenError) Error() string { return ErrTaken.Error() + ": " + e.Holder.Node }

// Unwrap makes it an ErrTaken.
func (e *TakenError) Unwrap() error { return ErrTaken }

// Times of the protocol between the nodes. Tests shorten them together.
const (
	// defaultBeat is how often a node says that it lives and how loaded it is.
	defaultBeat = time.Second
	// leaseBeats is after how many missing beats a node is asked whether it
	// lives; it is gone when it does not answer then.
	leaseBeats = 3
	// graceBeats is how long what was known stays known when a directory comes
	// back empty: every node has said anew by then what it holds.
	graceBeats = 10
	// claimTTL is how long a claim stays in the store that nobody renews. Who
	// holds what depends on the nodes that live, not on this; it is what clears
	// the store of nodes that died.
	claimTTL = 10 * time.Minute
	// opTimeout bounds one reading of the store, and writeTimeout one writing:
	// a leader that hands over takes less. One that was killed takes longer
	// to replace, and a publisher is not kept waiting for that.
	opTimeout    = 2 * time.Second
	writeTimeout = time.Second
)

// Config is a Directory's settings. Zero fields take the default.
type Config struct {
	// Beat is how often a node says that it lives, and the measure of all the
	// other times.
	Beat time.Duration
	// Probe asks a node by another way than the directory whether it lives; the
	// error is nil if it does, context.DeadlineExceeded if that cannot be known, and
	// any other means that it does not. Nil: only the directory's own question counts.
	Probe func(ctx context.Context, n Node) error
}

// Directory is one node's view of all of them.
type Directory struct {
	store Store
	cfg   Config
	log   *slog.Logger

	ctx  context.Context // of everything that runs behind a call
	stop context.CancelFunc
	wg   sync.WaitGroup
	kick chan struct{} // wakes Serve

	mu      sync.Mutex
	closed  bool
	self    Node
	load    Load
	roster  roster
	places  places
	claims  map[string]*Claim
	clerk   clerk
	health  Health
	changed chan struct{} // closed and made anew with the nodes
	grace   time.Time     // until when what is missing may still come
	step    step

	inquiries chan struct{} // one for each that is under way
}

// New makes the directory of the node self. Serve makes it take part.
func New(store Store, self Node, cfg Config, log *slog.Logger) *Directory {
	if cfg.Beat <= 0 {
		cfg.Beat = defaultBeat
	}
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	self.Session = newSession()
	self.Since = time.Now().UTC()
	d := &Directory{
		store: store, cfg: cfg, log: log, self: self,
		kick: make(chan struct{}, 1), changed: make(chan struct{}), inquiries: make(chan struct{}, maxInquiries),
		roster: newRoster(), places: newPlaces(), claims: make(map[string]*Claim),
	}
	d.clerk.beats, d.clerk.burying = map[Session]heard{}, map[Session]bool{}
	d.ctx, d.stop = context.WithCancel(context.Background())
	d.roster.put("", self, 0) // we know ourselves without being told
	return d
}

// Self is this node.
func (d *Directory) Self() Node {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.self
}

// Nodes are all nodes that live, this one among them, by id. Their loads are of
// the last few seconds.
func (d *Directory) Nodes() []Peer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.roster.list(d.self.Session, d.load)
}

// Node is the node of that id, if it lives.
func (d *Directory) Node(id string) (Peer, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.roster.get(id, d.self.Session, d.load)
}

// Changed is closed at the next change of which nodes there are or what they say
// of themselves; not by their loads. Take it before looking.
func (d *Directory) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// Report says how loaded this node is; the others hear of it with the next beat.
func (d *Directory) Report(l Load) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.At = time.Now()
	d.load = l
}

// Drain says to the others whether this node is about to go: it gets no new
// viewers, publishers and children then.
func (d *Directory) Drain(draining bool) {
	d.mu.Lock()
	d.self.Draining = draining
	d.roster.update(d.self)
	d.announceLocked()
	if d.step.joined { // else it is said with all the rest
		d.step.renewal = time.Now().Add(auditBeats * d.cfg.Beat) // if it cannot be said now
		d.asyncLocked(func(ctx context.Context) { _ = d.announce(ctx) })
	}
	d.mu.Unlock()
}

// Suspect says that a node does not answer, so that it is asked at once whether
// it lives, before its beats are missed.
func (d *Directory) Suspect(id string) {
	d.mu.Lock()
	p, known := d.roster.byID[id]
	d.mu.Unlock()
	if known && id != d.Self().ID {
		d.async(func(ctx context.Context) { d.bury(ctx, p.key) })
	}
}

// wake makes Serve look at what is to be done.
func (d *Directory) wake() {
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// async does something behind the caller's back, until the directory ends.
func (d *Directory) async(do func(ctx context.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asyncLocked(do)
}

func (d *Directory) asyncLocked(do func(ctx context.Context)) {
	if !d.closed {
		d.wg.Go(func() { do(d.ctx) })
	}
}

// announceLocked tells those who wait for a change of the nodes.
func (d *Directory) announceLocked() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// wrap names the room in an error that leaves it.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("directory: %w", err)
}
