package whep

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/pion/rtcp"

	"millrace/transmux/bus"
	"millrace/transmux/rtc/resource"
	"millrace/transmux/rtc/sender"
)

// figures are what an Observer has taken.
type figures struct {
	mu  sync.Mutex
	all []float64
}

func (f *figures) Observe(x float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, x)
}

// count is how many there are; the test fails if one makes no sense.
func (f *figures) count(t *testing.T) int {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.all {
		if x < 0 || x > 60 {
			t.Errorf("it took %v s", x)
		}
	}
	return len(f.all)
}

func TestJoinsAreMeasured(t *testing.T) {
	h := newHouse(t, bus.Config{})
	var answer, ice, dtls, keyframe, dispatch, send figures
	h.room.observe.Phases = Phases{Answer: &answer, ICE: &ice, DTLS: &dtls, Keyframe: &keyframe}
	h.room.observe.Stages = Stages{Dispatch: &dispatch, Send: &send}
	h.broadcast(t, bFrames, 0)
	r := &recorder{}
	v := h.watch(t, r, nil)
	await(t, func() bool { return len(r.all()) > 5 })
	for name, f := range map[string]*figures{"answer": &answer, "ice": &ice, "dtls": &dtls, "keyframe": &keyframe} {
		if n := f.count(t); n != 1 {
			t.Errorf("%s was measured %d times", name, n)
		}
	}
	if dispatch.count(t) < 5 || send.count(t) < 5 {
		t.Errorf("%d and %d rounds were measured", dispatch.count(t), send.count(t))
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	await(t, func() bool { return len(h.room.viewers()) == 0 })
	for phase, n := range h.room.Stats().FailedJoins {
		if n != 0 {
			t.Errorf("a viewer that was served failed in %s", phase)
		}
	}
}

// TestJoinsThatFail ends viewers to whom nothing ever came.
func TestJoinsThatFail(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, bFrames, 0)
	for _, cause := range []error{sender.ErrUnreachable, sender.ErrLeft, bus.ErrEnded} {
		await(t, func() bool { s, _ := h.hub.Stream("live/x"); return s.Frames > 10 })
		_, session, err := h.room.Accept(context.Background(), resource.Request{
			Stream: "live/x", Offer: []byte(readOffer(t)), ID: "0123456789abcdef", Ended: func() {},
		})
		if err != nil {
			t.Fatal(err)
		}
		session.(*viewer).end(cause)
	}
	if failed := h.room.Stats().FailedJoins; failed["ice"] != 1 || failed["dtls"] != 0 || failed["media"] != 0 {
		t.Errorf("%v", failed)
	}
}

// TestReportsAreAddedUp has a viewer report picture and sound together, each by
// itself, and more than it was sent.
func TestReportsAreAddedUp(t *testing.T) {
	room := &Room{}
	f := &feedback{room: room}
	report := func(blocks ...rtcp.ReceptionReport) {
		t.Helper()
		b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 9, Reports: blocks}})
		if err != nil {
			t.Fatal(err)
		}
		f.read(bytes.Clone(b))
	}
	report(rtcp.ReceptionReport{SSRC: 1, TotalLost: 5}, rtcp.ReceptionReport{SSRC: 2, TotalLost: 1})
	report(rtcp.ReceptionReport{SSRC: 1, TotalLost: 7})
	report(rtcp.ReceptionReport{SSRC: 2, TotalLost: 1})
	report(rtcp.ReceptionReport{SSRC: 1, TotalLost: 6}) // something came late after all
	report(rtcp.ReceptionReport{SSRC: 2, TotalLost: 1<<24 - 3})
	if lost, _ := f.seen(); lost != 8 {
		t.Errorf("%d packets are lost to the viewer", lost)
	}
	if s := room.Stats(); s.Lost != 8 || s.Reports != 6 {
		t.Errorf("%+v", s)
	}
}
