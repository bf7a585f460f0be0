package ingest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// sample is one frame of a timeline test, all in milliseconds.
type sample struct {
	track   av.TrackID
	dts     int64 // as the publisher says
	arrived int64
	want    int64 // as the timeline repairs it
	jumped  bool
}

const (
	video av.TrackID = 1
	audio av.TrackID = 2
)

func TestTimeline(t *testing.T) {
	const hour = 3_600_000
	tests := []struct {
		name    string
		samples []sample
	}{
		{"clean", []sample{
			{video, 0, 0, 0, false},
			{audio, 0, 1, 0, false},
			{audio, 23, 24, 23, false},
			{video, 33, 33, 33, false},
			{audio, 46, 47, 46, false},
			{video, 67, 67, 67, false},
		}},
		{"any origin, audio a little older", []sample{
			{video, hour, 0, hour, false}, {audio, hour - 40, 1, hour - 40, false}, {video, hour + 33, 33, hour + 33, false},
		}},
		{"jitter stays", []sample{
			{video, 0, 0, 0, false}, {video, 28, 33, 28, false}, {video, 71, 67, 71, false}, {video, 95, 100, 95, false},
		}},
		{"equal and backward are flattened", []sample{
			{video, 0, 0, 0, false},
			{video, 33, 33, 33, false},
			{video, 33, 67, 34, false},
			{video, 20, 100, 35, false},
			{video, 133, 133, 133, false},
		}},
		{"a burst after a stalled network keeps its times", []sample{
			{video, 0, 0, 0, false}, {video, 33, 20_000, 33, false}, {video, 67, 20_000, 67, false}, {video, 20_000, 20_001, 20_000, false},
		}},
		{"a gap that the wall clock shares stays", []sample{
			{video, 0, 0, 0, false}, {audio, 0, 0, 0, false}, {video, 60_000, 60_010, 60_000, false}, {audio, 60_010, 60_020, 60_010, false},
		}},
		{"both clocks restart at zero", []sample{
			{video, hour, 0, hour, false},
			{audio, hour + 10, 10, hour + 10, false},
			{video, hour + 33, 33, hour + 33, false},
			{audio, hour + 33, 34, hour + 33, false},
			{video, 0, 67, hour + 67, true},
			{audio, 5, 68, hour + 72, true},
			{video, 33, 100, hour + 100, false},
			{audio, 28, 101, hour + 95, false},
		}},
		{"both clocks jump forward", []sample{
			{video, 0, 0, 0, false},
			{audio, 0, 0, 0, false},
			{video, 33, 33, 33, false},
			{audio, 23, 33, 23, false},
			{audio, hour, 46, 46, true},
			{video, hour + 20, 67, 66, true},
			{audio, hour + 23, 69, 69, false},
		}},
		{"a restart after a pause continues by the wall clock", []sample{
			{video, 100_000, 0, 100_000, false}, {video, 0, 5_000, 105_000, true}, {video, 33, 5_033, 105_033, false},
		}},
		{"a jump within a burst goes on by the frame interval", []sample{
			{video, 100_000, 0, 100_000, false}, {video, 100_040, 0, 100_040, false}, {video, 0, 0, 100_080, true}, {video, 40, 0, 100_120, false},
		}},
		{"one mad frame does not move the other track", []sample{
			{video, 0, 0, 0, false},
			{audio, 0, 0, 0, false},
			{video, 33, 33, 33, false},
			{audio, 23, 34, 23, false},
			{video, hour, 67, 67, true},
			{audio, 46, 68, 46, false},
			{video, 100, 100, 100, true},
			{audio, 69, 101, 69, false},
			{video, 133, 133, 133, false},
		}},
		{"tracks of unrelated clocks are laid side by side", []sample{
			{video, hour, 0, hour, false}, {audio, 0, 10, hour + 10, true}, {video, hour + 33, 33, hour + 33, false}, {audio, 23, 33, hour + 33, false},
		}},
		{"late audio on the same clock keeps its place", []sample{
			{video, 0, 0, 0, false}, {video, 8_000, 8_000, 8_000, false}, {audio, 5_000, 8_001, 5_000, false}, {audio, 5_023, 8_002, 5_023, false},
		}},
		{"around 2^32 ms", []sample{
			{video, 1<<32 - 10, 0, 1<<32 - 10, false}, {video, 1<<32 + 23, 33, 1<<32 + 23, false},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var line Timeline
			start := time.Unix(1_700_000_000, 0)
			const composition = 66 * time.Millisecond
			for i, s := range tt.samples {
				f := &av.Frame{
					Track:   &av.Track{ID: s.track},
					DTS:     ms(s.dts),
					PTS:     ms(s.dts) + composition,
					Arrived: start.Add(ms(s.arrived)),
				}
				jumped := line.Repair(f)
				got := []any{f.DTS.Round(time.Millisecond), f.PTS.Round(time.Millisecond), jumped}
				want := []any{ms(s.want), ms(s.want) + composition, s.jumped}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("sample %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// FuzzTimeline: whatever the publisher claims, DTS grows per track and never
// runs far from the wall clock's pace in one step.
func FuzzTimeline(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 5, 200, 0, 7, 255, 1, 0, 0, 0, 33})
	f.Fuzz(func(t *testing.T, data []byte) {
		var line Timeline
		now := time.Unix(1_700_000_000, 0)
		last := map[av.TrackID]time.Duration{}
		var raw [2]int64
		for ; len(data) >= 4; data = data[4:] {
			track := int(data[0] & 1)
			raw[track] += int64(int8(data[1])) << (data[2] % 40)
			now = now.Add(ms(int64(data[3])))
			f := &av.Frame{Track: &av.Track{ID: av.TrackID(track + 1)}, DTS: ms(raw[track]), PTS: ms(raw[track] + 7), Arrived: now}
			line.Repair(f)
			if f.PTS-f.DTS != ms(7) {
				t.Fatalf("composition time became %v", f.PTS-f.DTS)
			}
			if before, ok := last[f.Track.ID]; ok && f.DTS <= before {
				t.Fatalf("DTS %v after %v", f.DTS, before)
			}
			last[f.Track.ID] = f.DTS
		}
	})
}
