package rtpio

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/av"
)

func TestWriterMakesRTP(t *testing.T) {
	w := NewWriter(7, 96, 90000)
	payload := av.Payload{Head: []byte{1, 2}, Body: []byte{3, 4, 5}, Pad: 4}
	var first rtp.Packet
	for i := range 70_000 { // over the end of the sequence numbers
		w.Frame(time.Duration(i) * time.Millisecond)
		raw, index := w.Append(nil, &payload, i%2 == 1)
		var p rtp.Packet
		if err := p.Unmarshal(raw); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = p
		}
		switch {
		case p.SSRC != 7 || p.PayloadType != 96 || p.Marker != (i%2 == 1):
			t.Fatalf("packet %d: %+v", i, p.Header)
		case p.SequenceNumber != first.SequenceNumber+uint16(i) || uint16(index) != p.SequenceNumber:
			t.Fatalf("packet %d has number %d, index %d", i, p.SequenceNumber, index)
		case p.Timestamp-first.Timestamp != uint32(i*90):
			t.Fatalf("packet %d is at %d ticks", i, p.Timestamp-first.Timestamp)
		case !bytes.Equal(p.Payload, []byte{1, 2, 3, 4, 5}) || p.PaddingSize != 4:
			t.Fatalf("packet %d carries %v and %d of padding", i, p.Payload, p.PaddingSize)
		}
	}
}

func TestTimestampsNeverRunBack(t *testing.T) {
	w := NewWriter(7, 96, 90000)
	last := int64(-1)
	for _, pts := range []time.Duration{0, 0, 40 * time.Millisecond, 20 * time.Millisecond, time.Second, time.Millisecond, 40 * time.Hour} {
		w.Frame(pts)
		if w.last <= last {
			t.Errorf("at %v the timestamp goes from %d to %d", pts, last, w.last)
		}
		last = w.last
	}
	if want := int64(40 * 3600 * 90000); last != want {
		t.Errorf("40 hours are %d ticks, want %d", last, want)
	}
}

func TestSenderReport(t *testing.T) {
	w := NewWriter(7, 96, 90000)
	w.Frame(0)
	w.Append(nil, &av.Payload{Body: make([]byte, 100)}, true)
	wall := time.Date(2030, 1, 2, 3, 4, 5, 500_000_000, time.UTC)
	for _, name := range []string{"a", "ab", "abc", "abcd", "abcdefgh"} {
		raw := w.SenderReport(nil, 2*time.Second, wall, name)
		packets, err := rtcp.Unmarshal(raw)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		report, cname := packets[0].(*rtcp.SenderReport), packets[1].(*rtcp.SourceDescription)
		if report.PacketCount != 1 || report.OctetCount != 100 || report.RTPTime != w.base+180000 {
			t.Errorf("%+v", report)
		}
		if got := time.Unix(int64(report.NTPTime>>32)-2208988800, int64(report.NTPTime&0xffffffff)*1e9>>32); got.Sub(wall).Abs() > time.Microsecond {
			t.Errorf("the report is of %v, want %v", got, wall)
		}
		if cname.Chunks[0].Items[0].Text != name {
			t.Errorf("%+v", cname)
		}
	}
}

func TestRampEndsAtTheLiveEdge(t *testing.T) {
	const frame = 33 * time.Millisecond
	for _, behind := range []time.Duration{0, frame, 2 * time.Second, 8300 * time.Millisecond, 20 * time.Second} {
		begun := time.Unix(100, 0)
		first := 5 * time.Second
		live := first + behind
		r := NewRamp(begun, first, live)
		shown := time.Duration(-1)
		for dts := first; ; dts += frame {
			arrives := begun.Add(dts - live) // when a publisher that is on time has sent it
			due, shift := r.At(dts)
			if due.IsZero() {
				if shift != 0 {
					t.Fatalf("%v behind: a live frame is shifted by %v", behind, shift)
				}
				if took := arrives.Sub(begun); took > max(1400*time.Millisecond, behind/10) {
					t.Errorf("%v behind: caught up after %v", behind, took)
				}
				break
			}
			if shift < 0 || dts+shift <= shown {
				t.Fatalf("%v behind: shown at %v after %v", behind, dts+shift, shown)
			}
			// To the receiver every frame is on time: it is sent when its timestamp says.
			if got, want := due.Sub(begun), dts+shift-live; got != want {
				t.Fatalf("%v behind: due after %v with a timestamp for %v", behind, got, want)
			}
			shown = dts + shift
		}
	}
}
