package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// udpPatience is how long QUIC has before TCP is tried beside it, and udpLimit
	// how long it has in all where TCP says something, be it yes or no: a round
	// trip on Earth takes less than a third of that.
	udpPatience = 250 * time.Millisecond
	udpLimit    = 1500 * time.Millisecond
	// remember is how long a node is dialled over TCP first after UDP did not get
	// through to it.
	remember = 2 * time.Minute
)

// dialled is one way of connecting, and what came of it.
type dialled struct {
	link *Link
	err  error
	done chan struct{}
}

func (d *dialled) start(work *sync.WaitGroup, dial func() (*Link, error)) {
	work.Go(func() {
		defer close(d.done)
		d.link, d.err = dial()
	})
}

// Dial connects to a node: over QUIC, or over TCP if UDP does not get through,
// which is remembered for a while.
func (e *Endpoint) Dial(ctx context.Context, address string) (*Link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if e.udp == nil || e.blocked(address) {
		return e.dialTCP(ctx, address)
	}
	var work sync.WaitGroup
	both, stop := context.WithCancel(ctx)
	udp, tcp := &dialled{done: make(chan struct{})}, &dialled{done: make(chan struct{})}
	udp.start(&work, func() (*Link, error) { return e.dialQUIC(both, address) })
	link, err := race(both, &work, udp, tcp, func() (*Link, error) { return e.dialTCP(both, address) })
	stop()
	work.Wait()
	for _, d := range []*dialled{udp, tcp} {
		if d.link != nil && d.link != link {
			d.link.Close(nil)
		}
	}
	if link != nil && link == tcp.link {
		e.block(address)
	}
	return link, err
}

// race lets QUIC run ahead of TCP.
func race(ctx context.Context, work *sync.WaitGroup, udp, tcp *dialled, dialTCP func() (*Link, error)) (*Link, error) {
	begun := time.Now()
	timer := time.NewTimer(udpPatience)
	defer timer.Stop()
	select {
	case <-udp.done:
		if udp.err == nil {
			return udp.link, nil
		}
	case <-timer.C:
	}
	tcp.start(work, dialTCP)
	select {
	case <-udp.done:
		if udp.err == nil {
			return udp.link, nil
		}
		<-tcp.done // which ends with ctx
		if tcp.err == nil {
			return tcp.link, nil
		}
		return nil, errors.Join(udp.err, tcp.err)
	case <-tcp.done:
	}
	timer.Reset(udpLimit - time.Since(begun))
	select {
	case <-udp.done:
	case <-timer.C:
		if tcp.err == nil {
			return tcp.link, nil
		}
		return nil, fmt.Errorf("wire: no answer over UDP, and over TCP: %w", tcp.err)
	case <-ctx.Done():
		return nil, fmt.Errorf("wire: %w", context.Cause(ctx))
	}
	switch {
	case udp.err == nil:
		return udp.link, nil
	case tcp.err == nil:
		return tcp.link, nil
	default:
		return nil, errors.Join(udp.err, tcp.err)
	}
}

func (e *Endpoint) blocked(address string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	until, known := e.noUDP[address]
	if known && time.Now().After(until) {
		delete(e.noUDP, address)
		known = false
	}
	return known
}

func (e *Endpoint) block(address string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.noUDP[address] = time.Now().Add(remember)
	e.log.Warn("relay: UDP does not get through, using TCP", "address", address, "for", remember)
}

func (e *Endpoint) dialQUIC(ctx context.Context, address string) (*Link, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	conn, err := e.udp.Dial(ctx, at, e.identity.client(), quicConfig())
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	s, err := conn.OpenStreamSync(ctx)
	if err != nil {
		_ = conn.CloseWithError(0, "")
		return nil, fmt.Errorf("wire: %w", err)
	}
	return newQUIC(conn, s), nil
}

func (e *Endpoint) dialTCP(ctx context.Context, address string) (*Link, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	secure := tls.Client(conn, e.identity.client())
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("wire: %w", err)
	}
	return newTCP(secure), nil
}
