package peer

import (
	"testing"
	"time"
)

func TestSequence(t *testing.T) {
	type packet struct {
		seq uint16
		ts  uint32
	}
	tests := []struct {
		name    string
		packets []packet
		want    Stats // the counters only
	}{
		{"in order", []packet{{10, 0}, {11, 0}, {12, 3000}}, Stats{Packets: 3, Advanced: 3000}},
		{"over the wrap of both", []packet{{65534, 0xFFFFFF00}, {65535, 0xFFFFFF00}, {0, 0x100}}, Stats{Packets: 3, Advanced: 512}},
		{"one lost", []packet{{1, 0}, {3, 0}}, Stats{Packets: 2, Lost: 1}},
		{"late, not lost", []packet{{1, 0}, {3, 0}, {2, 0}}, Stats{Packets: 3, Reordered: 1}},
		{"twice", []packet{{1, 0}, {2, 0}, {2, 0}, {1, 0}}, Stats{Packets: 4, Duplicates: 2}},
		{"late and twice", []packet{{1, 0}, {3, 0}, {2, 0}, {2, 0}}, Stats{Packets: 4, Reordered: 1, Duplicates: 1}},
		{"before the first", []packet{{5, 0}, {4, 0}}, Stats{Packets: 2, Reordered: 1}},
		{"timestamp back", []packet{{1, 6000}, {2, 3000}}, Stats{Packets: 2, Backward: 1, Advanced: -3000}},
		{"leap", []packet{{1, 0}, {5001, 0}}, Stats{Packets: 2, Jumps: 1, Lost: 4999}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s sequence
			for _, p := range tt.packets {
				s.push(p.seq, p.ts, 1, time.Time{})
			}
			g := s.snapshot()
			got := Stats{
				Packets: g.Packets, Lost: g.Lost, Duplicates: g.Duplicates, Reordered: g.Reordered,
				Jumps: g.Jumps, Backward: g.Backward, Advanced: g.Advanced,
			}
			if got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}
