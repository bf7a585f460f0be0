package port

import (
	"bytes"
	"testing"
	"time"
)

// TestABacklogIsToldAndRunsOff sends to a peer that does not read: soon it is not
// ready, what it is sent all the same is bounded, and once it reads it is told.
func TestABacklogIsToldAndRunsOff(t *testing.T) {
	p := listenTCP(t, "127.0.0.1:0")
	s := newSession(t, p, "ours")
	c := connect(t, p)
	_ = c.SetReadBuffer(16 << 10)
	c.send(hello("ours"))
	path := <-s.paths
	w := p.Writer()
	run := bytes.Repeat([]byte("a packet's bytes"), 1000)
	sent := 0
	for path.Ready() {
		if err := w.SendRun(&path, run, 1000); err != nil {
			t.Fatal(err)
		}
		if sent++; sent > 1000 {
			t.Fatal("there is no end to what it takes")
		}
	}
	most := maxBacklog + 2*len(run)
	if q := p.Stats().Queued; q == 0 || q > most {
		t.Errorf("%d bytes wait, may be %d", q, most)
	}
	for p.Stats().Refused == 0 {
		if err := w.SendRun(&path, run, 1000); err != nil {
			t.Fatal(err)
		}
		sent++
	}
	sent-- // the one refused
	if q := p.Stats().Queued; q > maxQueue {
		t.Errorf("%d bytes wait, at most may %d", q, maxQueue)
	}
	if len(s.drained) > 0 {
		t.Error("it was called ready while it was not")
	}
	for i := range sent * len(run) / 1000 {
		if got := c.read(); len(got) != 1000 {
			t.Fatalf("packet %d has %d bytes", i, len(got))
		}
	}
	select {
	case <-s.drained:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told that there is room again")
	}
	if !path.Ready() {
		t.Error("it is not ready")
	}
	await(t, func() bool { return p.Stats().Queued == 0 })
}

// TestAPeerThatNeverReadsIsCutOff keeps nothing for one that takes nothing.
func TestAPeerThatNeverReadsIsCutOff(t *testing.T) {
	t.Parallel()
	p := listenTCP(t, "127.0.0.1:0")
	s := newSession(t, p, "ours")
	c := connect(t, p)
	_ = c.SetReadBuffer(16 << 10)
	c.send(hello("ours"))
	path := <-s.paths
	w := p.Writer()
	run := make([]byte, 60_000)
	for path.Ready() {
		_ = w.SendRun(&path, run, 1000)
	}
	begun := time.Now()
	if lost := <-s.lost; lost != path {
		t.Errorf("%v is lost", lost)
	}
	if took := time.Since(begun); took > writeTimeout+5*time.Second {
		t.Errorf("it took %v", took)
	}
	if st := p.Stats(); st.TCPStalled != 1 || st.Queued != 0 || st.Connections != 0 {
		t.Errorf("left behind: %+v", st)
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatal("it did not come to pass within 10 s")
		case <-time.After(time.Millisecond):
		}
	}
}

// TestALittleThatWaitsLongIsBehindToo is the slow line: it never has much, but
// has it for long.
func TestALittleThatWaitsLongIsBehindToo(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		queue  queue
		behind bool
	}{
		"nothing":            {queue{}, false},
		"fresh":              {queue{waiting: make([]byte, 1000), since: now}, false},
		"old":                {queue{waiting: make([]byte, 1000), since: now.Add(-2 * maxDelay)}, true},
		"being written":      {queue{writing: 1000, begun: now, since: now.Add(-time.Hour)}, false},
		"being written long": {queue{writing: 1000, begun: now.Add(-2 * maxDelay), waiting: make([]byte, 1), since: now}, true},
		"much":               {queue{waiting: make([]byte, maxBacklog), since: now, writing: 1, begun: now}, true},
	} {
		if got := test.queue.behind(maxBacklog, now); got != test.behind {
			t.Errorf("%s: behind is %v", name, got)
		}
	}
}

func BenchmarkSendRunTCP(b *testing.B) {
	p := listenTCP(b, "127.0.0.1:0")
	s := newSession(b, p, "ours")
	c := connect(b, p)
	c.send(hello("ours"))
	path := <-s.paths
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.closed(time.Hour)
	}()
	w := p.Writer()
	run := make([]byte, 10*1200)
	b.ReportAllocs()
	for b.Loop() {
		for !path.Ready() {
			<-s.drained
		}
		_ = w.SendRun(&path, run, 1200)
	}
	_ = c.Close()
	<-done
}
