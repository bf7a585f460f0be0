package codecs

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	pion "github.com/pion/rtp/codecs"

	"millrace/transmux/av"
)

// depayVP8 puts a frame together with pion's parser.
func depayVP8(tb testing.TB, payloads []av.Payload) (data []byte) {
	tb.Helper()
	for i, p := range payloads {
		var packet pion.VP8Packet
		body, err := packet.Unmarshal(whole(p))
		if err != nil {
			tb.Fatalf("payload %d: %v", i, err)
		}
		if packet.PID != 0 || (packet.S == 1) != (i == 0) {
			tb.Fatalf("payload %d: %+v", i, packet)
		}
		data = append(data, body...)
	}
	return data
}

func TestVP8Frames(t *testing.T) {
	for i, data := range readIVF(t, "vp8") {
		f, err := VP8Frame(data)
		if err != nil {
			t.Fatal(err)
		}
		if (f.Type == av.Key) != (i%15 == 0) {
			t.Errorf("frame %d is of type %d", i, f.Type)
		}
		w, h, ok := VP8Size(data)
		if ok != (f.Type == av.Key) || ok && (w != 640 || h != 360) {
			t.Errorf("frame %d: %dx%d, %t", i, w, h, ok)
		}
		checkSizes(t, f.Payloads, true)
		if fewest, _ := share(len(data), av.MaxPayload-1); len(f.Payloads) != fewest {
			t.Errorf("frame %d: %d packets, want %d", i, len(f.Payloads), fewest)
		}
		if len(f.Parts) != 1 || !bytes.Equal(f.Parts[0], data) || !bytes.Equal(depayVP8(t, f.Payloads), data) {
			t.Errorf("frame %d changed on the way", i)
		}
	}
}

func TestVP8Refuses(t *testing.T) {
	key := readIVF(t, "vp8")[0]
	zero := bytes.Clone(key[:20])
	zero[6], zero[7] = 0, 0xC0
	for name, data := range map[string][]byte{
		"nothing": nil, "two bytes": {1, 0}, "a keyframe's tag": key[:9], "another start code": append([]byte{0, 0, 0}, key[:20]...),
		"no width": zero,
	} {
		if f, err := VP8Frame(data); err == nil {
			t.Errorf("%s: made a frame of %d bytes", name, f.Size())
		}
		if _, _, ok := VP8Size(data); ok {
			t.Errorf("%s: has a size", name)
		}
	}
}

func TestVP8Track(t *testing.T) {
	want := av.Track{Kind: av.Video, Codec: av.VP8, Width: 640, Height: 360, Profile: "VP8"}
	if diff := cmp.Diff(want, VP8Track(640, 360)); diff != "" {
		t.Error(diff)
	}
}

func FuzzVP8Frame(f *testing.F) {
	for _, data := range readIVF(f, "vp8")[:3] {
		f.Add(data[:min(len(data), 3000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := VP8Frame(data)
		if err != nil {
			return
		}
		checkSizes(t, frame.Payloads, true)
		if !bytes.Equal(depayVP8(t, frame.Payloads), data) {
			t.Fatal("changed on the way")
		}
	})
}
