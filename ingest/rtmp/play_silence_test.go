package rtmp

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"millrace/ingest"
	"millrace/transmux/bus"
)

// pipes is a listener of connections in memory, for tests in a time of their own.
type pipes struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestPlayersArePinged: a player that answers stays, whatever the time; one that
// does not is let go a minute after its last word, or ten minutes after a pause.
func TestPlayersArePinged(t *testing.T) {
	for name, tc := range map[string]struct {
		answers, pauses bool
		least, most     time.Duration
	}{
		"answers": {answers: true, least: 59 * time.Minute, most: time.Hour + time.Minute},
		"silent":  {least: viewerSilence / 2, most: viewerSilence + time.Second},
		"paused":  {pauses: true, least: pauseLimit / 2, most: pauseLimit + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { silence(t, tc.answers, tc.pauses, tc.least, tc.most) })
		})
	}
}

func silence(t *testing.T, answers, pauses bool, least, most time.Duration) {
	player := &holding{links: make(chan *Link, 1), ended: make(chan error, 1)}
	hub := bus.New(bus.Config{})
	defer hub.Close()
	log := slog.New(slog.DiscardHandler)
	server := New(Config{Player: player}, ingest.New(hub, ingest.Config{}, log), log)
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	near, far := net.Pipe()
	defer near.Close()
	l.conns <- far
	w := &watcher{&client{conn: near, in: newChunkReader(newInlet(near, 4096), lengthLimits{1 << 20}, 1<<20, grainPending)}, t}
	if err := w.beginPlaying(address{"rtmp", "h:1935", "live", "x"}); err != nil {
		t.Fatal(err)
	}
	w.hears("onStatus", codePlayStart)
	if pauses {
		w.say("pause", 0, amfBoolean, 1)
	}
	begun, pings := time.Now(), 0
	over := time.AfterFunc(time.Hour, func() { near.Close() })
	defer over.Stop()
	for {
		var m message
		if err := w.in.next(&m); err != nil {
			break
		}
		if m.kind == typeUserControl && len(m.body) >= 6 && binary.BigEndian.Uint16(m.body) == eventPingRequest {
			if pings++; answers {
				if err := w.write(pongMessage(m.body[2:6])); err != nil {
					break
				}
			}
		}
	}
	if lived := time.Since(begun); lived < least || lived > most || pings < 3 {
		t.Errorf("ended after %v and %d pings", lived, pings)
	}
	err := <-player.ended
	if !answers && !errors.Is(err, errTimeout) {
		t.Error(err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
