package whep

import (
	"errors"
	"testing"

	"github.com/pion/rtcp"

	"millrace/playout"
	"millrace/transmux/bus"
	"millrace/transmux/ledger"
	"millrace/transmux/rtc/peer"
)

// TestNumbers: a viewer is in the ledger with what it is sent and what it says of
// that, and is told goodbye when its session is ended there.
func TestNumbers(t *testing.T) {
	h := newHouse(t, bus.Config{})
	l := ledger.New(nil)
	h.room.gate = playout.New(h.hub, playout.Config{Ledger: l})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	var s ledger.Session
	read := func() ledger.Numbers {
		all := l.Sessions()
		if len(all) != 1 {
			t.Fatalf("%d sessions", len(all))
		}
		s = all[0]
		return s.Numbers()
	}
	if err := v.RequestKeyframe(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { n := read(); return n.Packets > 100 && n.Keyframes == 1 && n.RoundTrip > 0 })
	n := read()
	if n.Connecting || n.Video != "H264" || n.Transport != "udp" || n.Bytes < 50*n.Packets || n.Lost != 0 || n.Remote == "" || n.At.IsZero() {
		t.Errorf("%+v", n)
	}
	if s.Agent == "" || s.Protocol != "whep" || s.Stream != "live/x" {
		t.Errorf("%+v", s)
	}
	if !l.Kick(s.ID) {
		t.Error("it cannot be ended")
	}
	<-v.Done()
	if !errors.Is(v.Err(), peer.ErrGoodbye) {
		t.Errorf("the viewer was told %v", v.Err())
	}
	await(t, func() bool { return len(l.Sessions()) == 0 })
}

// TestJitter is that of the track's own reports, on its own clock.
func TestJitter(t *testing.T) {
	var f feedback
	raw, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
		{SSRC: 1, Jitter: 900, TotalLost: 3}, {SSRC: 2, Jitter: 480, TotalLost: 1},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	f.read(raw)
	if video, audio, none := f.jitter(1, 90_000), f.jitter(2, 48_000), f.jitter(3, 90_000); video != audio || video.Milliseconds() != 10 || none != 0 {
		t.Errorf("%v, %v, %v", video, audio, none)
	}
	if lost, _ := f.seen(); lost != 4 {
		t.Errorf("%d lost", lost)
	}
}
