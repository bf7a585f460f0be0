package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/cluster"
	"millrace/cluster/directory"
	"millrace/cluster/wire"
	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
	"millrace/transmux/derive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	name     = "live/test"
	secret   = "a secret of the tests, long enough"
	patience = 20 * time.Second
)

// strict is whether promised times are asserted.
func strict() bool { return os.Getenv("MILLRACE_E2E_STRICT") != "" }

// house is a cluster in one process.
type house struct {
	t        *testing.T
	exchange *directory.Exchange
	identity *wire.Identity
	nodes    []*node
}

func newHouse(t *testing.T) *house {
	t.Helper()
	id, err := wire.FromSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, exchange: directory.NewExchange(), identity: id}
}

// node is one node of it.
type node struct {
	*cluster.Room
	t        *testing.T
	id       string
	hub      *bus.Hub
	dir      *directory.Directory
	store    *directory.Memory // what the directory stands on
	endpoint *wire.Endpoint
	deriver  *deriver
	stop     func()
}

// deriver counts who wants what.
type deriver struct {
	mu     sync.Mutex
	wanted map[derive.Offer]int
}

func (d *deriver) Want(_ *bus.Stream, o derive.Offer) func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted[o]++
	return sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.wanted[o]--
	})
}

func (d *deriver) count(offered ...av.Codec) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wanted[derive.Taking(offered...)]
}

// logger writes into the test's log, until the test is over.
func logger(t *testing.T, id string) *slog.Logger {
	level := slog.LevelInfo
	if os.Getenv("MILLRACE_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	w := &testLog{t: t, id: id}
	t.Cleanup(w.close)
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

type testLog struct {
	t    *testing.T
	id   string
	mu   sync.Mutex
	over bool
}

func (l *testLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.t.Logf("%s %-8s %s", time.Now().Format("05.000"), l.id, b)
	}
	return len(b), nil
}

func (l *testLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

// node starts a node; change may change what it is made of.
func (h *house) node(id string, change func(*options)) *node {
	h.t.Helper()
	o := options{wire: wire.Config{Address: "127.0.0.1:0", Identity: h.identity}, cluster: cluster.Config{
		Linger: time.Second, Silence: 3 * time.Second, // the machines that run tests pause
	}}
	o.own = func(n *node) cluster.Own { return published{n.hub} }
	if change != nil {
		change(&o)
	}
	log := logger(h.t, id)
	endpoint, err := wire.Listen(o.wire, log)
	if err != nil {
		h.t.Fatal(err)
	}
	at := endpoint.Addr().String()
	if o.advertise != nil {
		at = o.advertise(at)
	}
	store := h.exchange.Connect()
	n := &node{
		t: h.t, store: store, id: id, hub: bus.New(bus.Config{}), endpoint: endpoint, deriver: &deriver{wanted: map[derive.Offer]int{}},
		dir: directory.New(store, directory.Node{ID: id, Region: o.region, Role: directory.RoleAny, Relay: []string{at}},
			directory.Config{}, log),
	}
	n.Room = cluster.New(o.cluster, n.hub, o.own(n), n.dir, endpoint, n.deriver, log)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { _ = n.dir.Serve(ctx) })
	work.Go(func() { _ = n.Serve(ctx) })
	n.stop = sync.OnceFunc(func() {
		n.hub.Close()
		cancel()
		n.Close()
		work.Wait()
	})
	h.t.Cleanup(n.stop)
	h.nodes = append(h.nodes, n)
	for _, other := range h.nodes {
		h.wait("the nodes to meet", func() bool { return len(other.dir.Nodes()) == len(h.nodes) })
	}
	return n
}

type options struct {
	wire      wire.Config
	cluster   cluster.Config
	region    string
	advertise func(address string) string
	own       func(*node) cluster.Own
}

// published is what a node without sources has.
type published struct{ *bus.Hub }

func (p published) Hold(_ context.Context, name string) (*bus.Stream, func(), error) {
	return p.Hub.Hold(name)
}

// wait polls.
func (h *house) wait(what string, holds func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			h.t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// show is a publisher that plays in real time.
type show struct {
	pub    *bus.Publisher
	frames []*av.Frame // written; after stop
	stop   func()
}

// publish plays H.264 and AAC until the test ends or the show is stopped.
func (n *node) publish() *show {
	n.t.Helper()
	var pub *bus.Publisher
	var err error
	deadline := time.Now().Add(patience)
	for {
		if pub, err = n.Publish(name, bus.PublisherInfo{Protocol: "test", Remote: n.id, Refreshes: true}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("publish on %s: %v", n.id, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s := &show{pub: pub}
	enc := avtest.Encoder{Video: pub.SetTrack(avtest.H264Track()), Audio: pub.SetTrack(avtest.AACTrack()), GOP: 30}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer pub.Close()
		begun := time.Now()
		for {
			f := enc.Next()
			due := time.NewTimer(time.Until(begun.Add(f.DTS)))
			select {
			case <-due.C:
			case <-stop:
				due.Stop()
				return
			case <-pub.Done():
				return
			}
			f.Arrived = time.Now()
			s.frames = append(s.frames, f)
			pub.Write(f)
		}
	}()
	s.stop = sync.OnceFunc(func() { close(stop); <-done })
	n.t.Cleanup(s.stop)
	return s
}

// watch subscribes, as soon as the stream is found.
func (n *node) watch() *avtest.Recorder {
	n.t.Helper()
	return avtest.Record(n.t, n.subscribe(), nil)
}

func (n *node) subscribe() *bus.Subscriber {
	n.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		sub, err := n.Subscribe(n.t.Context(), name)
		if err == nil {
			return sub
		}
		if time.Now().After(deadline) {
			n.t.Fatalf("subscribe on %s: %v", n.id, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// check is what every viewer may rely on. Gaps are allowed in front of keyframes
// and in sound only if gaps is true.
func check(t *testing.T, frames []*av.Frame, gaps bool) {
	t.Helper()
	type place struct {
		f     *av.Frame
		index uint64
	}
	last := map[av.TrackID]place{}
	var furthest, floor time.Duration
	var generation uint32
	for i, f := range frames {
		if f.Generation != generation {
			if f.Generation < generation {
				t.Fatalf("generation %d after %d", f.Generation, generation)
			}
			generation, floor = f.Generation, furthest
		}
		if f.PTS < floor {
			t.Fatalf("frame %d of generation %d: PTS %v after %v of the last one", i, f.Generation, f.PTS, floor)
		}
		furthest = max(furthest, f.PTS)
		p, seen := last[f.Track.ID]
		index := avtest.Index(f)
		switch {
		case !seen && f.Track.Kind == av.Video && f.Type != av.Key:
			t.Fatalf("begins with %s", avtest.Describe(f))
		case !seen:
		case index <= p.index || f.DTS <= p.f.DTS || f.Origin <= p.f.Origin:
			t.Fatalf("%s after %s", avtest.Describe(f), avtest.Describe(p.f))
		case index != p.index+1 && (!gaps || f.Track.Kind == av.Video && f.Type != av.Key):
			t.Fatalf("%s after %s", avtest.Describe(f), avtest.Describe(p.f))
		}
		last[f.Track.ID] = place{f, index}
	}
}

// lasting waits until frames have come for that long on the stream's timeline.
func lasting(r *avtest.Recorder, d time.Duration) []*av.Frame {
	have := r.Frames()
	return r.Until(fmt.Sprintf("%v more", d), func(fs []*av.Frame) bool {
		from := max(0, len(have)-1)
		return len(fs) > from && fs[len(fs)-1].PTS-fs[from].PTS >= d
	})
}
