// Package pull fetches the streams of the configuration's sources: always, or for
// as long as somebody watches. It stands in front of the Hub as a bus.Source, so
// that a viewer of a source on demand starts it and waits for its first track.
//
// cmd/millrace makes it with a Puller for each URL scheme (ingest/rtsp, ingest/rtmp
// and ingest/whep have them). It must not know a protocol: it calls Pull again and
// again, and keeps the stream's viewers while the source is away.
//
// A source owns its name: a publisher that pushes to it is refused, whether the
// source is being fetched at the moment or not. See Room.Pushed.
package pull

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
)

const (
	// DefaultLinger is for how long a source on demand is fetched after its last
	// viewer: somebody who reloads the page finds it running.
	DefaultLinger = 10 * time.Second
	// MaxSources bounds what a configuration may name: each is a goroutine or
	// several, a connection, and a ring of tens of megabytes.
	MaxSources = 1000
)

// Puller fetches from sources of one kind. Pull connects, opens the pullers' gate
// under the source's name, and writes until the connection is over or ctx is; it
// returns why, and has ended everything that it began by then.
type Puller interface {
	Pull(ctx context.Context, s ingest.Source) error
}

// Hub is the part of the bus that the room stands in front of; *bus.Hub is one.
type Hub interface {
	bus.Source
	ingest.Hub
	Keep(name string) (release func())
	Hold(name string) (s *bus.Stream, release func(), err error)
}

// Source is a source and when to fetch it.
type Source struct {
	ingest.Source
	OnDemand bool
	Linger   time.Duration // of one on demand; zero is DefaultLinger
}

// Room fetches sources. Its methods are safe for concurrent use.
type Room struct {
	hub      Hub
	observer Observer
	log      *slog.Logger

	mu     sync.RWMutex // taken before any feed's
	feeds  map[string]*feed
	begin  func(f *feed) // runs it; nil while Serve does not run
	failed uint64        // attempts of sources that are gone
}

// New makes the room. Serve must run for anything to be fetched. The observer may be
// nil.
func New(sources []Source, hub Hub, observer Observer, log *slog.Logger) *Room {
	r := &Room{hub: hub, observer: observer, log: log, feeds: make(map[string]*feed)}
	for _, s := range sources {
		if s.Linger <= 0 {
			s.Linger = DefaultLinger
		}
		r.feeds[s.Name] = newFeed(r, s)
	}
	return r
}

// Serve fetches until ctx ends, and waits for the pullers. There is one for each
// scheme of the sources' URLs; what has none is never fetched.
func (r *Room) Serve(ctx context.Context, pullers map[string]Puller) error {
	var work sync.WaitGroup
	begin := func(f *feed) { work.Go(func() { f.run(ctx, pullers) }) }
	r.mu.Lock()
	r.begin = begin
	for _, f := range r.feeds {
		begin(f)
	}
	r.mu.Unlock()
	<-ctx.Done()
	r.mu.Lock()
	r.begin = nil
	r.mu.Unlock()
	work.Wait()
	return nil
}

// unknown stands for a puller that there is not.
type unknown struct{}

var errUnknown = errors.New("nothing can fetch URLs of this kind")

// Pull is Puller's.
func (unknown) Pull(context.Context, ingest.Source) error { return errUnknown }

// Subscribe joins a stream as a viewer; it is bus.Source's. A source's that is not
// fetched is begun to be, and waited for; what keeps it from coming is said by a
// *bus.Unavailable.
func (r *Room) Subscribe(ctx context.Context, name string) (*bus.Subscriber, error) {
	f := r.feed(name)
	if f == nil {
		return r.hub.Subscribe(ctx, name)
	}
	sub, err := f.await(ctx, f.attend())
	if err != nil {
		f.leave()
		return nil, err
	}
	sub.OnClose(f.leave)
	return sub, nil
}

// Status is what can be said of all sources at one moment, by name.
func (r *Room) Status() []Status {
	all := r.all()
	list := make([]Status, len(all))
	for i, f := range all {
		list[i] = f.status()
	}
	return list
}

// Failures counts the attempts that failed and the streams that broke off.
func (r *Room) Failures() (n uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n = r.failed
	for _, f := range r.feeds {
		n += uint64(f.look().failures)
	}
	return n
}

// Pushed is the Hub for the gate of everybody who pushes: the names of sources are
// taken there.
func (r *Room) Pushed() ingest.Hub { return pushed{r} }

// Pulled is the Hub for the gate of the pullers: only sources have names there.
func (r *Room) Pulled() ingest.Hub { return pulled{r} }

type pushed struct{ *Room }

// Publish is the Hub's, but for the names of sources.
func (r pushed) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	if r.feed(name) != nil {
		return nil, ingest.ErrReserved
	}
	return r.hub.Publish(name, info)
}

type pulled struct{ *Room }

var errNoSource = errors.New("no source has this name")

// Publish is the Hub's, and tells those who wait for the source.
func (r pulled) Publish(name string, info bus.PublisherInfo) (*bus.Publisher, error) {
	f := r.feed(name)
	if f == nil {
		return nil, errNoSource
	}
	p, err := r.hub.Publish(name, info)
	if err == nil {
		f.published()
	}
	return p, err
}
