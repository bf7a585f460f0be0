package rtpio

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
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
		})
	}
}

func TestInboundRefusesCodecs(t *testing.T) {
	for _, c := range []av.Codec{0, av.EAC3, av.FLAC} {
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
			got.Bytes = 0
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
	if st := in.Stats(); st.Restarts != 2 || st.Lost != 1 {
		t.Errorf("%+v", st)
	}
}

// Under another SSRC numbers begin anywhere, even where they seem to be old.
func TestInboundRestartOnRequest(t *testing.T) {
	in := newInbound(t, av.VP8, Options{Retransmits: true})
	in.Restart()
	s := begin()
	units := pushAll(in, s.frame(vp8Payloads(true, 1)...)...)
	s.seq += 2
	units = append(units, pushAll(in, s.frame(vp8Payloads(false, 2)...)...)...)
	in.Restart()
	in.Restart()
	if !in.NeedsKeyframe() || !in.Deadline().IsZero() {
		t.Error("the old sequence is still waited for")
	}
	s.seq -= 100
	units = append(units, pushAll(in, s.frame(vp8Payloads(true, 3)...)...)...)
	units = append(units, pushAll(in, s.frame(vp8Payloads(false, 4)...)...)...)
	if got := marks(units); !bytes.Equal(got, []byte{1, 3, 4}) {
		t.Errorf("frames %v", got)
	}
	if st := in.Stats(); st.Restarts != 1 || st.Lost != 2 || st.Duplicates != 0 {
		t.Errorf("%+v", st)
	}
}

func TestInboundDescribesSound(t *testing.T) {
	for codec, want := range map[av.Codec]av.Track{av.Opus: codecs.OpusTrack(2), av.PCMU: codecs.PCMTrack(av.PCMU)} {
		in := newInbound(t, codec, Options{})
		pushAll(in, begin().frame([]byte{0xFC, 1})...)
		if diff := cmp.Diff(&want, in.Track()); diff != "" {
			t.Error(diff)
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
