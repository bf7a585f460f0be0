package whep

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// TestLossesOfAllThatIsSent: browsers also report what is sent again, which has an SSRC
// of its own, and in no order that we know. None of the tracks may go uncounted for it.
func TestLossesOfAllThatIsSent(t *testing.T) {
	room := &Room{}
	f := &feedback{room: room}
	for round := range uint32(3) {
		for _, ssrc := range []uint32{40, 10, 30, 20} {
			f.note(&rtcp.ReceptionReport{SSRC: ssrc, TotalLost: round * ssrc}, time.Now())
		}
	}
	if lost, _ := f.seen(); lost != 200 || room.counters.lost.Load() != 200 {
		t.Errorf("%d of the viewer, %d of the room, want 200", lost, room.counters.lost.Load())
	}
}
