package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"millrace/transmux/avtest"
	"millrace/transmux/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "s3cret-of-the-hook"

// network is a wire between a room and a receiver in the same bubble of time.
type network struct {
	conns  chan net.Conn
	closed chan struct{}

	mu    sync.Mutex
	down  bool
	dials []string
}

func newNetwork() *network {
	return &network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, address)
	down := n.down
	n.mu.Unlock()
	if down {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	select {
	case n.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) cut(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
}

// Accept is net.Listener's.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close is net.Listener's.
func (n *network) Close() error {
	close(n.closed)
	return nil
}

// Addr is net.Listener's.
func (n *network) Addr() net.Addr { return &net.TCPAddr{} }

// got is a request as the receiver saw it.
type got struct {
	Message
	header http.Header
	path   string
	at     time.Time
}

// house is a room, a journal and a receiver, in a bubble.
type house struct {
	t       *testing.T
	journal *journal.Journal
	room    *Room
	net     *network
	log     *avtest.Log
	stop    func()

	mu     sync.Mutex
	got    []got
	answer func(w http.ResponseWriter, r *http.Request, m *Message) // nil takes all
}

// bubble runs a test in a bubble of time. The house stands until the test stops it.
func bubble(t *testing.T, keep int, hooks []Hook, test func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, journal: journal.New("node-1", keep), net: newNetwork(), log: &avtest.Log{}}
		transport := newTransport()
		transport.Proxy, transport.DialContext = nil, h.net.dial
		h.room = New(hooks, h.journal, transport, slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		server := &http.Server{Handler: h}
		ctx, cancel := context.WithCancel(context.Background())
		var room, site sync.WaitGroup
		site.Go(func() { _ = server.Serve(h.net) })
		room.Go(func() {
			if err := h.room.Serve(ctx); err != nil {
				t.Error(err)
			}
		})
		h.stop = sync.OnceFunc(func() { cancel(); room.Wait(); _ = server.Close(); site.Wait() })
		defer h.stop()
		test(h)
	})
}

// ServeHTTP is the receiver.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the wire was cut
	}
	g := got{header: r.Header, path: r.URL.Path, at: time.Now()}
	if err := json.Unmarshal(body, &g.Message); err != nil {
		h.t.Errorf("%v in %s", err, body)
	}
	if want := Sign(secret, r.Header.Get(HeaderTimestamp), body); r.Header.Get(HeaderSignature) != want {
		h.t.Errorf("signed %q, want %q", r.Header.Get(HeaderSignature), want)
	}
	h.mu.Lock()
	h.got = append(h.got, g)
	answer := h.answer
	h.mu.Unlock()
	if answer != nil {
		answer(w, r, &g.Message)
	}
}

func (h *house) requests() []got {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]got(nil), h.got...)
}

func (h *house) answers(with func(w http.ResponseWriter, r *http.Request, m *Message)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = with
}

func (h *house) tell(kind journal.Kind, stream string) {
	h.journal.Tell(journal.Event{Kind: kind, Stream: stream, Cause: "because"})
}

// settled lets everything happen that happens at once.
func (h *house) settled() {
	time.Sleep(time.Millisecond)
	synctest.Wait()
}

func (h *house) status() Status {
	h.t.Helper()
	all := h.room.Status()
	if len(all) != 1 {
		h.t.Fatalf("%d hooks", len(all))
	}
	return all[0]
}

// web is a hook of the receiver's.
func web(change func(h *Hook)) []Hook {
	h := Hook{Name: "app", URL: "http://receiver.example/in/path-s3cret?key=query-s3cret", Secret: secret}
	if change != nil {
		change(&h)
	}
	return []Hook{h}
}

// inOrder fails the test unless each stream's messages came in their order, once
// those are left out that came again, and gives how many there were.
func inOrder(t *testing.T, all []got) (different int) {
	t.Helper()
	seen, last := map[string]bool{}, map[string]uint64{}
	for _, g := range all {
		if seen[g.ID] {
			continue
		}
		seen[g.ID] = true
		if g.Seq <= last[g.Stream] {
			t.Errorf("%s: %d came after %d", g.Stream, g.Seq, last[g.Stream])
		}
		last[g.Stream] = g.Seq
		if id := g.header.Get(HeaderDelivery); id != g.ID {
			t.Errorf("%s says that it is %s", g.ID, id)
		}
	}
	return len(seen)
}

func streamName(i int) string { return fmt.Sprintf("live/s%d", i) }
