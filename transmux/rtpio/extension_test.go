package rtpio

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtp"

	"millrace/transmux/av"
)

func TestPlayoutDelayAsPionReadsIt(t *testing.T) {
	for _, tt := range []struct{ least, most, gotLeast, gotMost time.Duration }{
		{0, 10 * time.Second, 0, 10 * time.Second},
		{101 * time.Millisecond, 10 * time.Second, 110 * time.Millisecond, 10 * time.Second},
		{-time.Second, time.Hour, 0, 40950 * time.Millisecond},
	} {
		x := PlayoutDelay(5, tt.least, tt.most)
		w := NewWriter(7, 96, 90000)
		w.Frame(0)
		w.Extend(x)
		first, index := w.Append(nil, &av.Payload{Head: []byte{1}, Body: []byte{2, 3}, Pad: 2}, true)
		if again := w.Repeat(nil, &av.Payload{Head: []byte{1}, Body: []byte{2, 3}, Pad: 2}, true, index, w.base, x); !bytes.Equal(first, again) {
			t.Fatalf("the second time it is %x, not %x", again, first)
		}
		var p rtp.Packet
		if err := p.Unmarshal(first); err != nil {
			t.Fatal(err)
		}
		var d rtp.PlayoutDelayExtension
		if err := d.Unmarshal(p.GetExtension(5)); err != nil {
			t.Fatal(err)
		}
		const unit = 10 * time.Millisecond
		if time.Duration(d.MinDelay)*unit != tt.gotLeast || time.Duration(d.MaxDelay)*unit != tt.gotMost {
			t.Errorf("%v and %v became %v and %v", tt.least, tt.most, time.Duration(d.MinDelay)*unit, time.Duration(d.MaxDelay)*unit)
		}
		if size := p.Header.MarshalSize(); size != x.HeaderSize() {
			t.Errorf("the header has %d bytes, not %d", size, x.HeaderSize())
		}
		if !bytes.Equal(p.Payload, []byte{1, 2, 3}) || p.PaddingSize != 2 {
			t.Errorf("%+v", p)
		}
	}
	if Extension(0).HeaderSize() != HeaderSize {
		t.Error("no extension takes room")
	}
}

func TestRoundTrip(t *testing.T) {
	sent := time.Date(2030, 1, 2, 3, 4, 5, 678e6, time.UTC)
	lastReport := uint32(ntp(sent) >> 16)
	for _, tt := range []struct {
		last, kept uint32
		after      time.Duration
		want       time.Duration
	}{
		{0, 0, time.Second, 0},
		{lastReport, 0, 60 * time.Millisecond, 60 * time.Millisecond},
		{lastReport, 65536, 1060 * time.Millisecond, 60 * time.Millisecond},
		{lastReport, 65536, 500 * time.Millisecond, 0}, // kept longer than it was gone
		{lastReport, 0, time.Minute, 0},
	} {
		got := RoundTrip(tt.last, tt.kept, sent.Add(tt.after))
		if (got - tt.want).Abs() > 100*time.Microsecond {
			t.Errorf("%v after, kept %d: %v, want %v", tt.after, tt.kept, got, tt.want)
		}
	}
}
