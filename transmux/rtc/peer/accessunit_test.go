package peer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"
)

var (
	sps   = []byte{0x67, 1, 2}
	pps   = []byte{0x68, 3}
	idr   = []byte{0x65, 4, 5, 6, 7}
	delta = []byte{0x41, 8, 9}
)

func stap(units ...[]byte) []byte {
	b := []byte{naluSTAPA}
	for _, u := range units {
		b = append(append(b, byte(len(u)>>8), byte(len(u))), u...)
	}
	return b
}

func fragment(u []byte, flags byte, from, to int) []byte {
	return append([]byte{u[0]&0xE0 | naluFUA, u[0]&0x1F | flags}, u[1+from:1+to]...)
}

type step struct {
	seq     uint16
	ts      uint32
	marker  bool
	payload []byte
}

func push(steps []step) (out []AccessUnit) {
	var a Assembler
	for _, s := range steps {
		p := &rtp.Packet{Header: rtp.Header{SequenceNumber: s.seq, Timestamp: s.ts, Marker: s.marker}, Payload: s.payload}
		out = append(out, a.Push(p, time.Time{})...)
	}
	return out
}

func TestAssembler(t *testing.T) {
	tests := []struct {
		name  string
		steps []step
		want  []AccessUnit
	}{
		{
			"keyframe in one aggregate and two fragments, then a single unit",
			[]step{
				{65535, 9, false, stap(sps, pps)},
				{0, 9, false, fragment(idr, 0x80, 0, 2)},
				{1, 9, true, fragment(idr, 0x40, 2, 4)},
				{2, 10, true, delta},
			},
			[]AccessUnit{
				{NALUs: [][]byte{sps, pps, idr}, Timestamp: 9, Complete: true, Key: true, Parameters: true, Packets: 3},
				{NALUs: [][]byte{delta}, Timestamp: 10, Complete: true, Packets: 1},
			},
		},
		{
			"parameter sets after the slice do not count",
			[]step{{1, 9, false, idr}, {2, 9, true, stap(sps, pps)}},
			[]AccessUnit{{NALUs: [][]byte{idr, sps, pps}, Timestamp: 9, Complete: true, Key: true, Packets: 2}},
		},
		{
			"a gap within a unit",
			[]step{{1, 9, false, idr}, {3, 9, true, delta}},
			[]AccessUnit{{NALUs: [][]byte{idr, delta}, Timestamp: 9, Key: true, Packets: 2}},
		},
		{
			"a gap between units taints the one after",
			[]step{{1, 9, true, idr}, {3, 10, true, delta}, {4, 11, true, delta}},
			[]AccessUnit{
				{NALUs: [][]byte{idr}, Timestamp: 9, Complete: true, Key: true, Packets: 1},
				{NALUs: [][]byte{delta}, Timestamp: 10, Packets: 1},
				{NALUs: [][]byte{delta}, Timestamp: 11, Complete: true, Packets: 1},
			},
		},
		{
			"no marker: cut off by the next timestamp, and the next has no known beginning",
			[]step{{1, 9, false, idr}, {2, 10, true, delta}},
			[]AccessUnit{
				{NALUs: [][]byte{idr}, Timestamp: 9, Key: true, Packets: 1},
				{NALUs: [][]byte{delta}, Timestamp: 10, Packets: 1},
			},
		},
		{
			"an unfinished fragment",
			[]step{{1, 9, true, fragment(idr, 0x80, 0, 2)}},
			[]AccessUnit{{Timestamp: 9, Packets: 1}},
		},
		{
			"padding between units",
			[]step{{1, 9, true, idr}, {2, 9, false, nil}, {3, 10, true, delta}},
			[]AccessUnit{
				{NALUs: [][]byte{idr}, Timestamp: 9, Complete: true, Key: true, Packets: 1},
				{NALUs: [][]byte{delta}, Timestamp: 10, Complete: true, Packets: 1},
			},
		},
		{
			"lies about lengths",
			[]step{{1, 9, true, []byte{naluSTAPA, 0, 9, 1}}, {2, 10, true, []byte{naluFUA}}, {3, 11, true, []byte{31}}},
			[]AccessUnit{{Timestamp: 9, Packets: 1}, {Timestamp: 10, Packets: 1}, {Timestamp: 11, Packets: 1}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, push(tt.steps)); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add(stap(sps, pps), fragment(idr, 0x80, 0, 2), fragment(idr, 0x40, 2, 4))
	f.Add(idr, delta, []byte{naluSTAPA, 0})
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		for _, u := range push([]step{{0, 1, false, a}, {1, 1, true, b}, {2, 2, true, c}}) {
			for _, n := range u.NALUs {
				if len(n) == 0 {
					t.Error("an empty unit")
				}
			}
		}
	})
}
