package rtpio

import (
	"testing"
	"time"

	"millrace/transmux/av"
)

// splitFuzz reads payloads with lengths of two bytes, as a fuzzer can write them.
func splitFuzz(data []byte) (payloads [][]byte) {
	for len(data) >= 2 {
		n := min(int(data[0])<<8|int(data[1]), len(data)-2)
		payloads = append(payloads, data[2:2+n:2+n])
		data = data[2+n:]
	}
	return payloads
}

// joinFuzz is the reverse of splitFuzz.
func joinFuzz(packets []Packet) (data []byte) {
	for _, p := range packets {
		n := len(p.Payload)
		data = append(append(data, byte(n>>8), byte(n)), p.Payload...)
	}
	return data
}

// fuzzPayloads lets a frame's payloads be anything. What frame comes of them
// must come out of its own payloads again.
func fuzzPayloads(f *testing.F, codec av.Codec, names ...string) {
	tracks := []av.Track{{Codec: codec}}
	for _, name := range names {
		c := readClip(f, name)
		tracks = append(tracks, c.track)
		s := begin()
		for _, frame := range c.frames[:3] {
			f.Add(joinFuzz(s.of(frame)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		payloads := splitFuzz(data)
		for _, track := range tracks {
			in, err := NewInbound(track, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range pushAll(in, begin().frame(payloads...)...) {
				again, err := NewInbound(track, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range u.Frame.Payloads {
					if p.Size() > av.MaxPayload {
						t.Fatalf("a payload of %d bytes", p.Size())
					}
				}
				// What made it known as a beginning may not be for receivers.
				again.assembler.ended, again.assembler.gapped = true, false
				units := pushAll(again, begin().of(u.Frame)...)
				// A unit that H.264 forbids in RTP, and OBUs of several layers cut apart,
				// may leave nothing to send.
				if len(u.Frame.Payloads) > 0 && (codec != av.H264 || !fickle(u.Frame)) && (len(units) != 1 || !sameFrame(u.Frame, units[0].Frame)) {
					t.Fatalf("a frame of %d payloads changes on its way", len(u.Frame.Payloads))
				}
			}
		}
	})
}

// fickle is a unit of H.264 that has several picture parameter sets. Which of them
// hold, and go in front, depends on how often it has been read.
func fickle(f *av.Frame) bool {
	sets := 0
	for _, part := range f.Parts {
		if len(part) > 0 && part[0]&0x1F == 8 {
			sets++
		}
	}
	return sets > 1
}

func FuzzDepayH264(f *testing.F) { fuzzPayloads(f, av.H264, "h264") }
func FuzzDepayH265(f *testing.F) { fuzzPayloads(f, av.H265, "h265-low", "h265-open") }
func FuzzDepayVP8(f *testing.F)  { fuzzPayloads(f, av.VP8, "vp8") }
func FuzzDepayVP9(f *testing.F)  { fuzzPayloads(f, av.VP9, "vp9") }
func FuzzDepayAV1(f *testing.F)  { fuzzPayloads(f, av.AV1, "av1-aom", "av1-svt") }

func FuzzDepayAudio(f *testing.F) {
	f.Add([]byte{0xFC, 0xB0, 0x1F, 0xC9}, false)
	f.Add(make([]byte, 160), true)
	f.Fuzz(func(t *testing.T, payload []byte, pcm bool) {
		codec := av.Opus
		if pcm {
			codec = av.PCMA
		}
		u, lost := assemble(codec, payload)
		if lost || u != nil && len(u.Frame.Parts[0]) != len(payload) {
			t.Fatalf("%+v", u)
		}
	})
}

// fuzzCodecs are the payloads of FuzzInbound, by a byte.
var fuzzCodecs = [...]av.Codec{av.H264, av.VP8, av.VP9, av.AV1, av.Opus, av.PCMU, av.H265, av.AAC, av.MP3, av.AC3}

// FuzzInbound lets packets come in any order with any header. Each takes eight
// bytes: how far the numbers go, how time goes, what is in it.
func FuzzInbound(f *testing.F) {
	f.Add([]byte{1, 0, 1, 0, 0x10, 1, 2, 3, 4, 5, 0, 2, 0, 0x90, 1, 2, 3, 4}, byte(1))
	f.Add([]byte{0, 1, 1, 0, 0xFF, 1, 2, 3, 3, 0, 0, 200, 0x90, 1, 2, 3}, byte(0))
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		codec := fuzzCodecs[int(which)%len(fuzzCodecs)]
		in := newInbound(t, codec, Options{Retransmits: which&0x80 == 0})
		now := time.Unix(1000, 0)
		seq, ts := uint16(0xFFFE), uint32(0xFFFFFF00)
		var units uint64
		for ; len(data) >= 8; data = data[8:] {
			seq += uint16(int8(data[0]))
			if data[1] < 16 { // now and then, far
				seq += uint16(data[1]) << 10
			}
			ts += uint32(data[2]) * 300
			now = now.Add(time.Duration(data[3]) * time.Millisecond)
			in.Push(Packet{
				Seq: seq, Timestamp: ts, Marker: data[4]&0x80 != 0,
				Payload: data[4 : 4+min(int(data[4]&0x7F), len(data)-4)], Arrived: now,
			})
			for _, u := range in.Frames(now) {
				units++
				if u.Frame.Arrived.After(now) {
					t.Fatal("a frame from the future")
				}
			}
			in.Missing(now, time.Duration(data[5])*time.Millisecond)
			checkBuffer(t, &in.buffer)
		}
		for steps := 0; !in.Deadline().IsZero(); steps++ {
			now = in.Deadline()
			units += uint64(len(in.Frames(now)))
			in.Missing(now, 0)
			if steps > 12*maxWindow {
				t.Fatal("the deadlines have no end")
			}
		}
		checkBuffer(t, &in.buffer)
		if st := in.Stats(); st.Frames != units || in.buffer.missing+in.buffer.held > 0 {
			t.Fatalf("%d frames, %+v, %d missing, %d held", units, st, in.buffer.missing, in.buffer.held)
		}
	})
}

// checkBuffer counts what the buffer keeps count of.
func checkBuffer(t *testing.T, b *buffer) {
	t.Helper()
	missing, held := 0, 0
	for seq := b.next; seq < b.end; seq++ {
		if s := b.at(seq); s.present {
			held += len(s.packet.Payload)
		} else {
			missing++
		}
	}
	if missing != b.missing || held != b.held || b.end-b.next > maxWindow || held > maxHeld {
		t.Fatalf("%d missing and %d held of %d, counted as %d and %d", missing, held, b.end-b.next, b.missing, b.held)
	}
	if b.next < b.end && b.at(b.next).present {
		t.Fatal("what is waited for is here")
	}
}
