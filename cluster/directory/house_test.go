package directory

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// member is a node of a cluster in memory.
type member struct {
	*Directory
	line *Memory
	stop func() // as SIGTERM does
}

// kill is kill -9: nothing is said.
func (m *member) kill() {
	m.line.Cut()
	m.stop()
}

// cluster is some nodes that have found each other. It is for a bubble of synctest.
func cluster(t *testing.T, nodes int) (*Exchange, []*member) {
	t.Helper()
	x := NewExchange()
	members := make([]*member, nodes)
	for i := range members {
		members[i] = join(t, x, Node{ID: fmt.Sprintf("node%d", i), Region: "here", Role: RoleAny})
	}
	time.Sleep(5 * time.Second)
	synctest.Wait()
	for _, m := range members {
		if got := len(m.Nodes()); got != nodes {
			t.Fatalf("%s knows %d nodes of %d", m.Self().ID, got, nodes)
		}
	}
	return x, members
}

func join(t *testing.T, x *Exchange, self Node) *member {
	t.Helper()
	line := x.Connect()
	d := New(line, self, Config{}, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Serve(ctx); err != nil {
			t.Errorf("%s: %v", self.ID, err)
		}
	}()
	m := &member{d, line, func() { cancel(); <-done }}
	t.Cleanup(m.stop)
	return m
}

func claim(t *testing.T, m *member, stream string) *Claim {
	t.Helper()
	c, err := m.Claim(t.Context(), stream, nil)
	if err != nil {
		t.Fatalf("%s: %v", m.Self().ID, err)
	}
	return c
}

// next is the next place that a watcher is told within the time.
func next(t *testing.T, c <-chan Place, most time.Duration) Place {
	t.Helper()
	select {
	case p := <-c:
		return p
	case <-time.After(most):
		t.Fatalf("nothing was told within %s", most)
		return Place{}
	}
}
