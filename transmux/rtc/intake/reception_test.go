package intake

import (
	"testing"
	"time"
)

func TestReceptionReport(t *testing.T) {
	r := reception{ssrc: 9, clockRate: 90000}
	begun := time.Unix(1000, 0)
	for i := range 1000 { // over the wrap of the numbers, every tenth lost, one late
		if i%10 == 5 {
			continue
		}
		r.add(uint16(65000+i), uint32(i*3000), begun.Add(time.Duration(i)*time.Second/30))
	}
	r.add(uint16(65000+5), 15000, begun.Add(time.Minute))
	b := r.report(begun.Add(time.Minute))
	if b.LastSequenceNumber != 65999 || b.TotalLost != 99 || b.FractionLost != 99*256/1000 {
		t.Errorf("%+v", b)
	}
	for i := range 10 {
		r.add(uint16(66000+i), 0, begun)
	}
	if b := r.report(begun); b.FractionLost != 0 || b.TotalLost != 99 {
		t.Errorf("nothing was lost since: %+v", b)
	}
	r.noteReport(0x1234_5678_9abc_def0, begun)
	if b := r.report(begun.Add(500 * time.Millisecond)); b.LastSenderReport != 0x5678_9abc || b.Delay != 32768 {
		t.Errorf("%+v", b)
	}
}

func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	for range queuePackets {
		if !q.push(make([]byte, 100), time.Time{}) {
			t.Fatal("it refuses what it has room for")
		}
	}
	if q.push(nil, time.Time{}) {
		t.Error("it takes more than it has room for")
	}
	taken := q.take(nil)
	if len(taken) != queuePackets || !q.push([]byte("x"), time.Time{}) {
		t.Error("taking makes no room")
	}
	if next := q.take(taken); len(next) != 1 || string(next[0].sealed) != "x" {
		t.Errorf("took %v", next)
	}
}
