package rtpio

import (
	"bytes"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// A stream without trouble: every frame is there with its last packet, and is
// what it was.
func TestInboundInSequence(t *testing.T) {
	for _, name := range clips {
		t.Run(name, func(t *testing.T) {
			c := readClip(t, name)
			in := newInbound(t, c.track.Codec, Options{})
			s := begin()
			for i, f := range c.frames {
				packets := s.of(f)
				for j, p := range packets {
					in.Push(p)
					units := in.Frames(p.Arrived)
					if want := j == len(packets)-1; len(units) == 1 != want {
						t.Fatalf("frame %d: %d frames after packet %d of %d", i, len(units), j+1, len(packets))
					}
					for _, u := range units {
						if !sameFrame(f, u.Frame) || name != "h264" && !sameParts(f.Parts, u.Frame.Parts) {
							t.Fatalf("frame %d changed on the way", i)
						}
						if !u.Frame.Arrived.Equal(p.Arrived) || u.Timestamp != p.Timestamp {
							t.Errorf("frame %d of %d came %v", i, u.Timestamp, u.Frame.Arrived)
						}
						if (u.Track != nil) != (i == 0) {
							t.Errorf("frame %d: track %+v", i, u.Track)
						}
						if u.Track != nil {
							if diff := cmp.Diff(&c.track, u.Track); diff != "" {
								t.Error(diff)
							}
						}
					}
				}
			}
			st := in.Stats()
			if st.Frames != uint64(len(c.frames)) || st.Skipped+st.Lost+st.Reordered+st.Duplicates != 0 || in.NeedsKeyframe() {
				t.Errorf("%+v", st)
			}
			if !in.Deadline().IsZero() || len(in.buffer.slots) != 0 {
				t.Errorf("deadline %v, %d slots", in.Deadline(), len(in.buffer.slots))
			}
			if uint16(st.Highest) != s.seq-1 || st.Jitter > 5*time.Millisecond || st.Jitter == 0 {
				t.Errorf("highest %d, jitter %v", st.Highest, st.Jitter)
			}
		})
	}
}

func TestInboundRefusesCodecs(t *testing.T) {
	for _, c := range []av.Codec{0, av.AAC, av.MP3, av.H265} {
		if _, err := NewInbound(av.Track{Codec: c}, Options{}); err == nil {
			t.Errorf("%s is received", c)
		}
	}
}

// vp8 makes the payload of a frame of two packets, or one packet of it.
func vp8Payloads(key bool, mark byte) [][]byte {
	data := []byte{1, 0, 0, mark, mark, mark}
	if key {
		data = []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 0, 48, 0, mark}
	}
	return [][]byte{append([]byte{0x10}, data[:len(data)-1]...), {0, data[len(data)-1]}}
}

// marks are the last bytes of frames, by which the tests know them.
func marks(units []Unit) (out []byte) {
	for _, u := range units {
		out = append(out, u.Frame.Parts[0][len(u.Frame.Parts[0])-1])
	}
	return out
}

func TestInboundOrder(t *testing.T) {
	make4 := func() []Packet {
		s := begin()
		p := s.frame(vp8Payloads(true, 1)...)
		for i := byte(2); i <= 4; i++ {
			p = append(p, s.frame(vp8Payloads(false, i)...)...)
		}
		return p
	}
	for name, tc := range map[string]struct {
		order []int
		want  []byte
		stats Stats
	}{
		"in order":        {[]int{0, 1, 2, 3, 4, 5, 6, 7}, []byte{1, 2, 3, 4}, Stats{Received: 8}},
		"all turned":      {[]int{0, 7, 6, 5, 4, 3, 2, 1}, []byte{1, 2, 3, 4}, Stats{Received: 8, Reordered: 6}},
		"frames turned":   {[]int{0, 1, 4, 5, 2, 3, 6, 7}, []byte{1, 2, 3, 4}, Stats{Received: 8, Reordered: 2}},
		"all twice":       {[]int{0, 0, 1, 1, 3, 3, 2, 2, 4, 4, 5, 5, 6, 6, 7, 7}, []byte{1, 2, 3, 4}, Stats{Received: 8, Reordered: 1, Duplicates: 8}},
		"before the door": {[]int{1, 0, 2, 3, 4, 5, 6, 7}, nil, Stats{Received: 7, Duplicates: 1, Skipped: 4}},
		"a hole":          {[]int{0, 1, 3, 4, 5, 6, 7}, []byte{1}, Stats{Received: 7, Lost: 1, Skipped: 3}},
		"a hole in front": {[]int{0, 1, 4, 5, 6, 7}, []byte{1}, Stats{Received: 6, Lost: 2, Skipped: 2}},
		"no end":          {[]int{0, 1, 2, 4, 5, 6, 7}, []byte{1}, Stats{Received: 7, Lost: 1, Skipped: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInbound(t, av.VP8, Options{})
			packets := make4()
			var units []Unit
			for _, i := range tc.order {
				units = append(units, pushAll(in, packets[i])...)
			}
			units = append(units, in.Frames(packets[7].Arrived.Add(time.Second))...)
			if got := marks(units); !bytes.Equal(got, tc.want) {
				t.Errorf("frames %v, want %v", got, tc.want)
			}
			got := in.Stats()
			tc.stats.Frames = uint64(len(tc.want))
			got.Bytes, got.Highest, got.Jitter = 0, 0, 0
			if diff := cmp.Diff(tc.stats, got); diff != "" {
				t.Error(diff)
			}
			if in.NeedsKeyframe() != (tc.stats.Skipped > 0) {
				t.Errorf("needs a keyframe: %t", in.NeedsKeyframe())
			}
			if in.buffer.held != 0 || in.buffer.missing != 0 {
				t.Errorf("%d bytes held, %d missing", in.buffer.held, in.buffer.missing)
			}
		})
	}
}

func TestInboundGoesOnWithAKeyframe(t *testing.T) {
	in := newInbound(t, av.VP8, Options{Retransmits: true})
	s := begin()
	units := pushAll(in, s.frame(vp8Payloads(true, 1)...)...)
	lost := s.frame(vp8Payloads(false, 2)...)
	packets := s.frame(vp8Payloads(false, 3)...)
	packets = append(packets, s.frame(vp8Payloads(true, 4)...)...)
	packets = append(packets, s.frame(vp8Payloads(false, 5)...)...)
	units = append(units, pushAll(in, packets...)...)
	if got := marks(units); !bytes.Equal(got, []byte{1}) || in.NeedsKeyframe() {
		t.Fatalf("frames %v while the hole is waited for, needs a keyframe: %t", got, in.NeedsKeyframe())
	}
	noticed := packets[0].Arrived
	if got := marks(in.Frames(noticed.Add(maxWaitVideo - 1))); got != nil {
		t.Errorf("frames %v before the wait is over", got)
	}
	if got := marks(in.Frames(noticed.Add(maxWaitVideo))); !bytes.Equal(got, []byte{4, 5}) {
		t.Errorf("frames %v, want the keyframe and the one behind", got)
	}
	if in.NeedsKeyframe() {
		t.Error("needs a keyframe after one")
	}
	if units := pushAll(in, lost...); units != nil || in.Stats().Duplicates != 2 || in.Stats().Lost != 2 {
		t.Errorf("what was given up counts: %+v", in.Stats())
	}
}

func TestInboundAudioJustGoesOn(t *testing.T) {
	in := newInbound(t, av.Opus, Options{Retransmits: true})
	s := begin()
	var packets []Packet
	for i := range byte(6) {
		packets = append(packets, s.frame([]byte{0xFC, i})...)
	}
	packets = slices.Delete(packets, 2, 4)
	units := pushAll(in, packets...)
	units = append(units, in.Frames(packets[3].Arrived.Add(maxWaitAudio))...)
	if got := marks(units); !bytes.Equal(got, []byte{0, 1, 4, 5}) {
		t.Errorf("packets %v", got)
	}
	if in.NeedsKeyframe() {
		t.Error("sound needs a keyframe")
	}
	if units[0].Track == nil || units[0].Track.Codec != av.Opus || units[1].Track != nil {
		t.Errorf("track %+v, then %+v", units[0].Track, units[1].Track)
	}
}

func TestInboundWithoutMarker(t *testing.T) {
	in := newInbound(t, av.VP8, Options{})
	s := begin()
	var packets []Packet
	for i := range byte(4) {
		packets = append(packets, s.frame(vp8Payloads(i == 0, i)...)...)
		packets = append(packets, Packet{Seq: s.seq, Timestamp: s.ts - step, Arrived: s.at}) // padding alone
		s.seq++
	}
	for i := range packets {
		packets[i].Marker = false
	}
	if got := marks(pushAll(in, packets...)); !bytes.Equal(got, []byte{0, 1, 2}) {
		t.Errorf("frames %v, want all but the last", got)
	}
}

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

func TestInboundRestart(t *testing.T) {
	in := newInbound(t, av.VP8, Options{Retransmits: true})
	s := begin()
	units := pushAll(in, s.frame(vp8Payloads(true, 1)...)...)
	held := s.frame(vp8Payloads(false, 2)...)
	units = append(units, pushAll(in, held[1])...)
	s.seq += 20000
	strange := s.frame(vp8Payloads(false, 9)...)[0] // of nobody's sequence
	s.seq += 5000
	s.ts += 1 << 30
	units = append(units, pushAll(in, strange)...)
	units = append(units, pushAll(in, s.frame(vp8Payloads(true, 3)...)...)...)
	units = append(units, pushAll(in, s.frame(vp8Payloads(false, 4)...)...)...)
	s.seq -= 9000
	units = append(units, pushAll(in, s.frame(vp8Payloads(true, 5)...)...)...)
	if got := marks(units); !bytes.Equal(got, []byte{1, 3, 4, 5}) {
		t.Errorf("frames %v", got)
	}
	if st := in.Stats(); st.Restarts != 2 || st.Lost != 1 || uint16(st.Highest) != s.seq-1 {
		t.Errorf("%+v", st)
	}
}

// A burst that is lost is no new beginning, and long windows give up their
// oldest holes first.
func TestInboundWindows(t *testing.T) {
	in := newInbound(t, av.Opus, Options{Retransmits: true, MaxWait: time.Hour})
	s := begin()
	one := func() Packet { return s.frame([]byte{0xFC, 1})[0] }
	pushAll(in, one())
	s.seq += maxJump - 1
	pushAll(in, one())
	if st := in.Stats(); st.Restarts != 0 || in.buffer.missing != maxJump-1 {
		t.Fatalf("%+v, %d missing", st, in.buffer.missing)
	}
	if got := in.Missing(s.at, 0); len(got) != maxJump-1 {
		t.Errorf("asks for %d packets", len(got))
	}
	frames := 0
	for range 3 * maxWindow {
		s.seq++
		frames += len(pushAll(in, one()))
		if n := in.buffer.end - in.buffer.next; n > maxWindow || len(in.buffer.slots) > maxWindow {
			t.Fatalf("a window of %d packets in %d slots", n, len(in.buffer.slots))
		}
	}
	if lost := int(in.Stats().Lost); lost < 2*maxWindow || frames < lost-maxJump {
		t.Errorf("%d lost, %d frames", lost, frames)
	}
	for range 2 * maxWindow { // one hole, and then none
		frames += len(pushAll(in, one()))
		if n := in.buffer.end - in.buffer.next; n > maxWindow || len(in.buffer.slots) > maxWindow {
			t.Fatalf("a window of %d packets in %d slots", n, len(in.buffer.slots))
		}
	}
	for range 200 { // packets as large as there are
		s.seq++
		p := one()
		p.Payload = append(make([]byte, 65000), 1)
		pushAll(in, p)
		if in.buffer.held > maxHeld {
			t.Fatalf("%d bytes held", in.buffer.held)
		}
	}
}

func TestInboundTrackChanges(t *testing.T) {
	in := newInbound(t, av.VP8, Options{})
	s := begin()
	if in.Track() != nil {
		t.Error("a track before any frame")
	}
	for i, want := range []bool{true, false, true, false} {
		p := vp8Payloads(true, 1)
		p[0][7] = byte(64 + 16*(i/2))
		u := pushAll(in, s.frame(p...)...)
		if len(u) != 1 || (u[0].Track != nil) != want || in.Track().Width != 64+16*(i/2) {
			t.Errorf("frame %d: %+v, %+v", i, u, in.Track())
		}
	}
}

// Whatever a publisher leaves out or never ends, memory is bounded.
func TestInboundBounds(t *testing.T) {
	const volume = 60 << 20
	big := make([]byte, 1200)
	for name, tc := range map[string]struct {
		codec   av.Codec
		payload func(i int) []byte
		packet  func(i int, p *Packet)
	}{
		"VP8 without end":  {av.VP8, func(i int) []byte { big[0] = map[bool]byte{true: 0x10}[i == 0]; return big }, nil},
		"FU-A without end": {av.H264, func(i int) []byte { big[0], big[1] = 28, 5|map[bool]byte{true: 0x80}[i == 0]; return big }, nil},
		"slices":           {av.H264, func(int) []byte { big[0], big[1] = 0x65, 0x88; return big }, nil},
		"tiny units":       {av.H264, func(int) []byte { return []byte{0x67} }, nil},
		"AV1 without end": {av.AV1, func(i int) []byte {
			big[0] = 0x50 | map[bool]byte{false: 0x80, true: 8}[i == 0]
			big[1] = 8
			return big
		}, nil},
		"tiny OBUs":         {av.AV1, func(int) []byte { return []byte{0x18, 0x08} }, nil},
		"VP9 without end":   {av.VP9, func(i int) []byte { big[0] = map[bool]byte{true: 8}[i == 0]; return big }, nil},
		"every other":       {av.VP8, func(int) []byte { return big }, func(i int, p *Packet) { p.Seq = uint16(2 * i) }},
		"far apart":         {av.VP8, func(int) []byte { return big }, func(i int, p *Packet) { p.Seq = uint16(i * 20011) }},
		"back and forth":    {av.VP8, func(int) []byte { return big }, func(i int, p *Packet) { p.Seq = uint16(i * i * 7) }},
		"a new time always": {av.VP8, func(int) []byte { return big }, func(i int, p *Packet) { p.Timestamp = uint32(i * 90000) }},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInbound(t, tc.codec, Options{Retransmits: true})
			now := time.Unix(1000, 0)
			for i, sent := 0, 0; sent < volume && i < 100_000; i++ {
				p := Packet{Seq: uint16(i), Payload: tc.payload(i), Arrived: now}
				if tc.packet != nil {
					tc.packet(i, &p)
				}
				sent += len(p.Payload)
				in.Push(p)
				in.Frames(now)
				in.Missing(now, 0)
				now = now.Add(100 * time.Microsecond)
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > 40<<20 {
				t.Errorf("%d MB", m.HeapAlloc>>20)
			}
			if !in.NeedsKeyframe() {
				t.Error("needs no keyframe")
			}
			runtime.KeepAlive(in)
		})
	}
}

func TestInboundKeepsNothingOfPackets(t *testing.T) {
	c := readClip(t, "vp8")
	in := newInbound(t, av.VP8, Options{})
	s := begin()
	buf := make([]byte, 2000)
	for i, f := range c.frames {
		for _, p := range s.of(f) {
			p.Payload = buf[:copy(buf, p.Payload)]
			in.Push(p)
			clear(buf)
		}
		if u := in.Frames(s.at); len(u) != 1 || !sameFrame(f, u[0].Frame) {
			t.Fatalf("frame %d changed", i)
		}
	}
}

func TestInboundAllocatesLittle(t *testing.T) {
	// The frame, its bytes, its parts where they are several, its payloads, their heads.
	for name, most := range map[string]float64{"vp8": 3, "vp9": 5, "av1-aom": 5, "h264": 5} { // of a frame that is no keyframe
		c := readClip(t, name)
		in := newInbound(t, c.track.Codec, Options{})
		s := begin()
		pushAll(in, s.of(c.frames[0])...)
		packets := s.of(c.frames[1])
		n := testing.AllocsPerRun(100, func() {
			for _, p := range packets {
				p.Seq = uint16(in.buffer.end)
				in.Push(p)
			}
			if len(in.Frames(s.at)) != 1 {
				t.Fatal("no frame")
			}
		})
		t.Logf("%s: %.0f", name, n)
		if n > most {
			t.Errorf("%s: %.0f allocations a frame, want at most %.0f", name, n, most)
		}
	}
}

func BenchmarkInbound(b *testing.B) {
	for _, name := range clips {
		b.Run(name, func(b *testing.B) {
			c := readClip(b, name)
			in := newInbound(b, c.track.Codec, Options{})
			s := begin()
			var frames [][]Packet
			size := 0
			for _, f := range c.frames {
				frames = append(frames, s.of(f))
				size += f.Size()
			}
			b.SetBytes(int64(size / len(frames)))
			b.ReportAllocs()
			seq := uint16(0)
			for i := 0; b.Loop(); i++ {
				for _, p := range frames[i%len(frames)] {
					p.Seq = seq
					p.Timestamp = uint32(i) * step
					seq++
					in.Push(p)
				}
				if len(in.Frames(s.at)) != 1 {
					b.Fatal("no frame")
				}
			}
		})
	}
}
