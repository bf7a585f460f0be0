package rtpio

import (
	"slices"
	"testing"
	"time"

	"millrace/transmux/av"
)

func TestInboundMissing(t *testing.T) {
	in := newInbound(t, av.VP8, Options{Retransmits: true})
	s := begin()
	packets := s.frame(vp8Payloads(true, 1)...)
	start := packets[0].Arrived
	for i := range byte(6) {
		packets = append(packets, s.frame(vp8Payloads(false, i)...)...)
	}
	for i := range packets {
		packets[i].Arrived = start
	}
	at := func(d time.Duration, rtt time.Duration, want ...uint16) {
		t.Helper()
		if got := in.Missing(start.Add(d), rtt); !slices.Equal(got, want) {
			t.Errorf("after %v: asks for %v, want %v", d, got, want)
		}
	}
	deadline := func(d time.Duration) {
		t.Helper()
		if got := in.Deadline().Sub(start); got != d {
			t.Errorf("deadline after %v, want %v", got, d)
		}
	}
	const first = 0xFFF0
	const rtt = 60 * time.Millisecond
	pushAll(in, packets[0], packets[1])
	at(time.Second, rtt)
	pushAll(in, packets[4]) // 2 and 3 are missing
	at(0, rtt)
	deadline(firstAskAfter)
	at(9*time.Millisecond, rtt)
	pushAll(in, packets[5])
	at(9*time.Millisecond, rtt, first+2) // three packets later
	at(10*time.Millisecond, rtt, first+3)
	deadline(9*time.Millisecond + rtt)
	at(20*time.Millisecond, rtt)
	pushAll(in, packets[2])
	deadline(10*time.Millisecond + rtt)
	at(69*time.Millisecond, rtt)
	at(70*time.Millisecond, rtt, first+3)
	at(80*time.Millisecond, time.Millisecond)
	deadline(90 * time.Millisecond)
	at(90*time.Millisecond, time.Millisecond, first+3)
	for i := range 7 {
		at(100*time.Millisecond+time.Duration(i)*20*time.Millisecond, 0)
		at(110*time.Millisecond+time.Duration(i)*20*time.Millisecond, 0, first+3)
	}
	at(500*time.Millisecond, 0) // ten times is enough
	deadline(maxWaitVideo)
	pushAll(in, packets[3])
	deadline(time.Time{}.Sub(start))
	if st := in.Stats(); st.Recovered != 2 || st.Reordered != 0 || st.Asked != 11 || st.Lost != 0 {
		t.Errorf("%+v", st)
	}
}

func TestInboundAsksNobodyWhoDoesNotAnswer(t *testing.T) {
	in := newInbound(t, av.VP8, Options{})
	s := begin()
	packets := append(s.frame(vp8Payloads(true, 1)...), s.frame(vp8Payloads(false, 2)...)...)
	pushAll(in, packets[0], packets[3])
	if got := in.Missing(packets[0].Arrived.Add(40*time.Millisecond), 0); got != nil {
		t.Errorf("asks for %v", got)
	}
	if got := in.Deadline(); !got.Equal(packets[3].Arrived.Add(maxWaitOrder)) {
		t.Errorf("deadline %v", got)
	}
}
