package bus_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "live/test"

// rig is a hub with one stream that an encoder publishes in real time; the time
// is that of a synctest bubble.
type rig struct {
	t            *testing.T
	hub          *bus.Hub
	pub          *bus.Publisher
	video, audio *av.Track
	enc          *avtest.Encoder
	next         *av.Frame
}

func newRig(t *testing.T, cfg bus.Config) *rig {
	t.Helper()
	r := &rig{t: t, hub: bus.New(cfg)}
	t.Cleanup(r.hub.Close)
	r.publish()
	return r
}

// publish begins the next generation, with H.264 and AAC.
func (r *rig) publish() {
	r.t.Helper()
	r.pub = publish(r.t, r.hub)
	r.video, r.audio = r.pub.SetTrack(avtest.H264Track()), r.pub.SetTrack(avtest.AACTrack())
	r.enc = &avtest.Encoder{Video: r.video, Audio: r.audio, Payloads: 1, Start: time.Now()}
	r.next = nil
}

// play writes what the encoder makes in the next d.
func (r *rig) play(d time.Duration) {
	until := time.Now().Add(d)
	for {
		if r.next == nil {
			r.next = r.enc.Next()
		}
		if r.next.Arrived.After(until) {
			time.Sleep(time.Until(until))
			return
		}
		time.Sleep(time.Until(r.next.Arrived))
		r.pub.Write(r.next)
		r.next = nil
	}
}

// join subscribes and follows both tracks.
func (r *rig) join() *bus.Subscriber {
	r.t.Helper()
	sub := subscribe(r.t, r.hub)
	sub.Follow(r.video.ID, r.audio.ID)
	return sub
}

func (r *rig) snapshot() bus.Snapshot {
	r.t.Helper()
	snap, ok := r.hub.Stream(name)
	if !ok {
		r.t.Fatal("there is no such stream")
	}
	return snap
}

func publish(t *testing.T, hub *bus.Hub) *bus.Publisher {
	t.Helper()
	pub, err := hub.Publish(name, bus.PublisherInfo{Protocol: "test", Remote: "192.0.2.1:1"})
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return pub
}

func subscribe(t *testing.T, hub *bus.Hub) *bus.Subscriber {
	t.Helper()
	sub, err := hub.Subscribe(t.Context(), name)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	t.Cleanup(sub.Close)
	return sub
}

// drain takes everything up to the live edge from a subscriber or a cursor.
func drain(next func() *av.Frame) []*av.Frame {
	var frames []*av.Frame
	for f := next(); f != nil; f = next() {
		frames = append(frames, f)
	}
	return frames
}

// take is a cursor's Peek and Advance in one.
func take(c *bus.Cursor) func() *av.Frame {
	return func() *av.Frame {
		f := c.Peek()
		if f != nil {
			c.Advance()
		}
		return f
	}
}

// indexes are the frames' numbers within their track.
func indexes(frames []*av.Frame) []uint64 {
	var list []uint64
	for _, f := range frames {
		list = append(list, avtest.Index(f))
	}
	return list
}

// closed reports whether a channel is closed now.
func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
