package rtpio

import (
	"runtime"
	"testing"
	"time"

	"millrace/transmux/av"
)

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

// Whatever a publisher leaves out or never ends, memory is bounded.
func TestInboundBounds(t *testing.T) {
	const volume = 24 << 20
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
			for i, sent := 0, 0; sent < volume && i < 50_000; i++ {
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
