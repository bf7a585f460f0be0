package port

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Pauses of an accept loop that fails, as it does without free file descriptors.
const (
	shortestPause = 5 * time.Millisecond
	longestPause  = time.Second
)

// accept takes connections until the listener is closed, then ends them and waits
// for their goroutines.
func (p *Port) accept(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	defer p.crowd.close()
	pause := shortestPause
	for {
		conn, err := p.listener.AcceptTCP()
		if err == nil {
			pause = shortestPause
			p.welcome(conn, &work)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		p.stats.acceptsFailed.Add(1)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func (p *Port) welcome(conn *net.TCPConn, work *sync.WaitGroup) {
	s, err := newStream(p, conn)
	if err != nil || !p.crowd.enter(s) {
		p.stats.tcpRefused.Add(1)
		_ = conn.Close()
		return
	}
	work.Go(s.serve)
}
