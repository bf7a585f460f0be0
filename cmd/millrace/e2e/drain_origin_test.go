package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// encoder publishes over RTMP from the test's own process, and goes on elsewhere
// when it is asked to, as Enhanced RTMP has it: first the new connection, then the
// end of the old one.
type encoder struct {
	t      *testing.T
	name   string
	clip   *clip
	moved  chan string // where it has gone to
	stop   context.CancelFunc
	ended  chan struct{}
	result error // once ended
}

// encode begins to publish until the test ends.
func encode(t *testing.T, g *gateway, file, name string) *encoder {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	e := &encoder{t: t, name: name, clip: readClip(t, file), moved: make(chan string, 4), stop: cancel, ended: make(chan struct{})}
	first, err := e.dial(ctx, g.rtmp)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		defer close(e.ended)
		e.result = e.run(ctx, first)
	}()
	t.Cleanup(func() { cancel(); <-e.ended })
	return e
}

func (e *encoder) dial(ctx context.Context, address string) (*rtmpClient, error) {
	c, err := dialRTMP(ctx, address)
	if err != nil {
		return nil, err
	}
	c.reconnects = true
	if err := c.publish(e.name); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// run plays on one connection after another.
func (e *encoder) run(ctx context.Context, c *rtmpClient) error {
	for {
		playing, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- c.play(playing, e.clip, 0, nil) }()
		next, err := e.await(ctx, c, done)
		cancel()
		c.Close()
		<-c.gone
		if next == nil {
			return err
		}
		<-done
		c = next
	}
}

// await waits until the server asks for a new connection, and makes it while the old
// one still plays.
func (e *encoder) await(ctx context.Context, c *rtmpClient, done <-chan error) (*rtmpClient, error) {
	for {
		select {
		case r := <-c.replies:
			_, after, asked := bytes.Cut(r, []byte("NetConnection.Connect.ReconnectRequest"))
			if !asked {
				continue
			}
			to := c.RemoteAddr().String()
			if _, at, found := bytes.Cut(after, []byte("tcUrl\x02")); found {
				u, err := url.Parse(string(at[2 : 2+binary.BigEndian.Uint16(at)]))
				if err != nil {
					return nil, err
				}
				to = u.Host
			}
			next, err := e.dial(ctx, to)
			if err != nil {
				return nil, err
			}
			e.moved <- to
			return next, nil
		case err := <-done:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// drained waits for a node's end after it was drained.
func (g *gateway) drained(most time.Duration) {
	g.t.Helper()
	select {
	case <-g.exited:
		g.stopped = true
	case <-time.After(most):
		g.t.Fatalf("the node has not ended\n%s", g.tail())
	}
	if code := g.cmd.ProcessState.ExitCode(); code != 0 {
		g.t.Errorf("exit code %d\n%s", code, g.tail())
	}
}

func (g *gateway) drain(grace string) {
	g.t.Helper()
	response, err := http.Post(g.url("/api/v1/drain?grace="+grace), "", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		g.t.Fatalf("drain: %s", response.Status)
	}
}

// TestDrainOfAnOrigin: its publisher goes to another node, and so does the tree; a
// publisher that cannot be asked stays to the end of the grace.
func TestDrainOfAnOrigin(t *testing.T) {
	t.Parallel()
	carrier := node(t, "carrier", "127.0.0.6", nil, "MILLRACE_NODE_ROLE=edge")
	if err := poll(t.Context(), patience, func() bool { return carrier.directory() != "" }); err != nil {
		t.Fatal("no directory is served")
	}
	// One port on both: an encoder is told of another host, and keeps its port.
	port := freeNumber(t, "127.0.0.2", "127.0.0.3")
	origin := node(t, "origin", "127.0.0.2", carrier, "MILLRACE_NODE_ROLE=origin", fmt.Sprint("MILLRACE_RTMP_ADDRESS=127.0.0.2:", port))
	other := node(t, "other", "127.0.0.3", carrier, "MILLRACE_NODE_ROLE=origin", fmt.Sprint("MILLRACE_RTMP_ADDRESS=127.0.0.3:", port))
	edge := node(t, "edge", "127.0.0.4", carrier, "MILLRACE_NODE_ROLE=edge")
	for _, g := range []*gateway{origin, other, edge} {
		g.knows(4)
	}
	const able, unable = "live/able", "live/unable"
	e := encode(t, origin, zeroLatency, able)
	stubborn := origin.publish(zeroLatency, unable) // ffmpeg
	var viewers []*recorder
	for _, name := range []string{able, unable} {
		origin.waitLive(name)
		r := edge.watch(withDeadline(t, patience), name)
		r.more(t, 60)
		viewers = append(viewers, r)
	}

	begun := time.Now()
	origin.drain("4s")
	select {
	case to := <-e.moved:
		t.Logf("asked, the encoder publishes to %s after %v", to, time.Since(begun).Round(time.Millisecond))
		if to != other.rtmp {
			t.Errorf("it went to %s, not to %s", to, other.rtmp)
		}
	case <-e.ended:
		t.Fatalf("the encoder ended: %v\n%s", e.result, origin.tail())
	case <-time.After(patience):
		t.Fatalf("the encoder is not asked to move\n%s", origin.tail())
	}
	viewers[1].more(t, 5) // which is served to the end
	origin.drained(patience)
	if lasted := time.Since(begun); lasted < 4*time.Second {
		t.Errorf("the node ended after %v, with a publisher that nobody could ask", lasted)
	}
	select {
	case <-stubborn.exited:
	case <-time.After(patience):
		t.Error("ffmpeg has not noticed")
	}
	other.republish(zeroLatency, unable) // as whatever runs ffmpeg would start it again
	for _, r := range viewers {
		r.more(t, 30)
	}
	gap := forward(t, viewers[0], begun)
	t.Logf("the longest pause of a viewer is %v; where the publisher could not be asked it is %v",
		gap.Round(time.Millisecond), forward(t, viewers[1], begun).Round(time.Millisecond))
	if strict() && gap > 2*time.Second {
		t.Errorf("%v without a picture", gap)
	}
	if tree := edge.tree(able, 2); tree["edge"].Parent != "other" {
		t.Errorf("the tree is %+v", tree)
	}
	for _, r := range viewers {
		if r.Err() != nil {
			t.Errorf("a session ended: %v", r.Err())
		}
	}
}
