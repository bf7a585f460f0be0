package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

const (
	// maxRSS is what is promised, whatever peers do.
	maxRSS = 200 << 20
	// rudeRun is how long the rude ones go on.
	rudeRun = 15 * time.Second
	// mostBytes is what a flooding peer sends at most.
	mostBytes = 256 << 20
)

// rude are peers that do what no encoder does. Each goes on until ctx ends or
// the server has had enough; what they return does not matter, only that the
// server is there afterwards.
var rude = map[string]func(context.Context, string) error{
	"nested AMF": func(ctx context.Context, to string) error {
		body := append([]byte("\x02\x00\x07connect"), amf(1.0)...)
		for len(body) < 4<<20 {
			body = append(body, 3, 0, 1, 'a') // an object whose first field is an object
		}
		return again(ctx, to, func(c *rtmpClient) error {
			err := errors.Join(
				c.send(2, 1, 0, 0, binary.BigEndian.AppendUint32(nil, rtmpChunk)),
				c.send(3, 20, 0, 0, body))
			return errors.Join(err, drain(c))
		})
	},
	"lies about lengths": func(ctx context.Context, to string) error {
		lies := [][]byte{
			{0x03, 0, 0, 0, 0xFF, 0xFF, 0xFF, 20, 0, 0, 0, 0, 1, 2, 3}, // a command of 16 MB
			{0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0x03, 0, 0, 0, 0xFF, 0xFF, 0xFF, 9, 1, 0, 0, 0},
			{0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0},           // chunks of nothing
			{0x02, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0xFF, 0, 0, 0},        // a negative size
			{0x03, 0, 0, 0, 0, 0, 5, 20, 0, 0, 0, 0, 2, 0xFF, 0xFF, 1, 1}, // a string longer than its message
			{0x03, 0, 0, 0, 0, 0, 5, 20, 0, 0, 0, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF},
			{0x02, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}, // SetChunkSize of one byte
		}
		i := 0
		return again(ctx, to, func(c *rtmpClient) error {
			i++
			_, err := c.Write(lies[i%len(lies)])
			return errors.Join(err, brief(c))
		})
	},
	"lies about pictures": func(ctx context.Context, to string) error {
		bodies := [][]byte{
			{0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1F, 0xFF, 0xFF, 0xFF, 0xFF}, // AVCC with an SPS of 64 KB
			{0x17, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x65},             // a unit of 4 GB
			{0x17, 1, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0},
			{0x17},
			{},
			{0x97, 'a', 'v', 'c', '1'},
			{0xFF, 0xFF},
			{0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1F, 0xFF, 0xE1, 0, 4, 0x67, 0x64, 0, 0x1F, 1, 0, 1, 0x68},
		}
		key := 0
		return again(ctx, to, func(c *rtmpClient) error {
			key++
			err := c.publish(fmt.Sprintf("rude/pictures%d", key%8))
			for i, b := range bodies {
				err = errors.Join(err, c.send(6, 9, c.stream, uint32(i), b), c.send(5, 8, c.stream, uint32(i), append([]byte{0xAF, byte(i % 2)}, b...)))
			}
			return errors.Join(err, c.SetReadDeadline(time.Now().Add(200*time.Millisecond)), gone(c))
		})
	},
	"one byte a second": func(ctx context.Context, to string) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
		if err != nil {
			return err
		}
		defer conn.Close()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			if _, err := conn.Write([]byte{3}); err != nil {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	},
	"random bytes": func(ctx context.Context, to string) error {
		noise := rand.NewChaCha8([32]byte{1})
		return again(ctx, to, func(c *rtmpClient) error {
			b := make([]byte, 16<<10)
			_, _ = noise.Read(b) // never fails
			_, err := c.Write(b)
			return errors.Join(err, brief(c))
		})
	},
	"random bytes from the start": func(ctx context.Context, to string) error {
		noise := rand.NewChaCha8([32]byte{2})
		for ctx.Err() == nil {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
			if err != nil {
				return err
			}
			b := make([]byte, 4<<10)
			_, _ = noise.Read(b) // never fails
			_, _ = conn.Write(b) // refused or not
			_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
		return nil
	},
	"a chunk stream that changes its mind": func(ctx context.Context, to string) error {
		key := 0
		return again(ctx, to, func(c *rtmpClient) error {
			key++
			err := c.publish(fmt.Sprintf("rude/mind%d", key%8))
			long := c.message(6, 9, c.stream, 0, make([]byte, 200<<10))
			size := c.message(2, 1, 0, 0, []byte{0, 0, 0, 1})
			for i := range 50 {
				_, e := c.Write(long[:12+rtmpChunk]) // begun, never ended
				err = errors.Join(err, e, c.send(6, 9, c.stream, uint32(i), make([]byte, i)))
			}
			_, e := c.Write(size) // chunks of one byte from here, in our mind only
			return errors.Join(err, e, c.send(6, 9, c.stream, 1, make([]byte, 100<<10)), brief(c))
		})
	},
	"a publisher that stops reading": func(ctx context.Context, to string) error {
		return again(ctx, to, func(c *rtmpClient) error {
			ask := c.message(3, 20, 0, 0, amf("createStream", 9.0, nil))
			for sent := 0; sent < mostBytes && ctx.Err() == nil; sent += len(ask) {
				if err := c.SetWriteDeadline(time.Now().Add(rudeRun)); err != nil {
					return err
				}
				if _, err := c.Write(ask); err != nil {
					return err
				}
			}
			return nil
		})
	},
	"many chunk streams, each with the begin of a message": func(ctx context.Context, to string) error {
		return again(ctx, to, func(c *rtmpClient) error {
			err := c.send(2, 1, 0, 0, binary.BigEndian.AppendUint32(nil, rtmpChunk))
			for id := range 65_000 {
				if err != nil || ctx.Err() != nil {
					break
				}
				begin := []byte{1, byte(id), byte(id >> 8), 0, 0, 0, 0x0F, 0xFF, 0xFF, 9, 1, 0, 0, 0}
				_, err = c.Write(append(begin, make([]byte, rtmpChunk)...))
			}
			return errors.Join(err, brief(c))
		})
	},
}

// again connects, shakes hands and misbehaves, over and over.
func again(ctx context.Context, to string, do func(*rtmpClient) error) error {
	for ctx.Err() == nil {
		c, err := dialRTMP(ctx, to)
		if err != nil {
			return err // the server may have had enough of us
		}
		stop := context.AfterFunc(ctx, func() { c.Close() })
		_ = do(c) // however it ends
		stop()
		c.Close()
	}
	return nil
}

// drain reads until the server hangs up.
func drain(c *rtmpClient) error {
	_, err := io.Copy(io.Discard, c)
	return err
}

// brief reads for a moment, so that the server is not told of our going at once.
func brief(c *rtmpClient) error {
	return errors.Join(c.SetReadDeadline(time.Now().Add(200*time.Millisecond)), drain(c))
}

// gone waits for the reader that publish began.
func gone(c *rtmpClient) error {
	<-c.gone
	return nil
}

// TestRudePeers: whatever they do, the process lives in little memory, and a
// publisher and a viewer beside them lose nothing.
func TestRudePeers(t *testing.T) {
	g := start(t)
	decent := g.decent(t, "live/decent")
	ctx, cancel := context.WithTimeout(t.Context(), rudeRun)
	defer cancel()
	var work sync.WaitGroup
	for name, do := range rude {
		work.Go(func() {
			err := do(ctx, g.rtmp)
			t.Logf("%s: done, %v", name, err)
		})
	}
	most := g.rss()
	done := make(chan struct{})
	go func() { work.Wait(); close(done) }()
	running := func() bool {
		most = max(most, g.rss())
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
	if err := poll(t.Context(), rudeRun+patience, running); err != nil {
		t.Error("a rude peer is still held")
	}
	cancel()
	<-done
	t.Logf("RSS at most %d MiB among rude peers", most>>20)
	if most > maxRSS {
		t.Errorf("%d MiB of RSS", most>>20)
	}
	decent.check(t)
}
