package codecs

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	pion "github.com/pion/rtp/codecs"

	"millrace/transmux/av"
)

// depayVP9 puts a picture's layers together with pion's parser, and holds each
// descriptor against its neighbours. Of each layer's frame it returns the first.
func depayVP9(tb testing.TB, payloads []av.Payload) (layers []pion.VP9Packet) {
	tb.Helper()
	open := false
	for i, p := range payloads {
		var packet pion.VP9Packet
		body, err := packet.Unmarshal(whole(p))
		if err != nil {
			tb.Fatalf("payload %d: %v", i, err)
		}
		if packet.B == open || packet.V && !packet.B {
			tb.Fatalf("payload %d: %+v", i, packet)
		}
		if packet.B {
			packet.Payload = bytes.Clone(body)
			layers = append(layers, packet)
		} else {
			l := &layers[len(layers)-1]
			l.Payload = append(l.Payload, body...)
			ignored := cmpopts.IgnoreFields(pion.VP9Packet{}, "Payload", "B", "E", "V", "NS", "Y", "G", "NG", "Width", "Height", "PGTID", "PGU", "PGPDiff", "videoDepacketizer")
			if diff := cmp.Diff(*l, packet, ignored); diff != "" {
				tb.Fatalf("payload %d: %s", i, diff)
			}
		}
		open = !packet.E
	}
	if open {
		tb.Fatal("the last layer has no end")
	}
	return layers
}

func TestVP9Frames(t *testing.T) {
	for name, every := range map[string]int{"vp9": 15, "vp9-altref": 20} {
		for i, data := range readIVF(t, name) {
			picture := uint16(i+0x7FF8) & 0x7FFF
			f, err := VP9Frame(picture, VP9Layer{Data: data})
			if err != nil {
				t.Fatal(err)
			}
			key := i%every == 0
			if (f.Type == av.Key) != key {
				t.Errorf("%s: frame %d is of type %d", name, i, f.Type)
			}
			w, h, profile, ok := VP9Size(data)
			if ok != key || ok && (w != 640 || h != 360 || profile != 0) {
				t.Errorf("%s: frame %d: %dx%d, profile %d, %t", name, i, w, h, profile, ok)
			}
			checkSizes(t, f.Payloads, true)
			layers := depayVP9(t, f.Payloads)
			if len(layers) != 1 || !bytes.Equal(layers[0].Payload, data) {
				t.Fatalf("%s: frame %d changed on the way", name, i)
			}
			l := layers[0]
			if !l.I || l.PictureID != picture || l.P == key || l.L || l.F || !l.Z || l.V != key {
				t.Errorf("%s: frame %d: %+v", name, i, l)
			}
			if l.V && (l.NS != 0 || !l.Y || l.Width[0] != 640 || l.Height[0] != 360 || l.NG != 1 || l.PGPDiff[0][0] != 1) {
				t.Errorf("%s: frame %d: scalability structure %+v", name, i, l)
			}
		}
	}
}

// Layers go out with the descriptors that they came with.
func TestVP9Layers(t *testing.T) {
	frames := readIVF(t, "vp9")
	key, delta := frames[0], frames[1]
	structure := []byte{1<<5 | 0x18, 0, 160, 0, 90, 1, 64, 0, 180, 2, 0x14, 2, 0x38, 1, 2}
	for name, tc := range map[string]struct {
		layers []VP9Layer
		key    bool
	}{
		"not flexible": {[]VP9Layer{
			{Data: key, Descriptor: []byte{0xAE, 0x81, 2, 0x10, 9}, Structure: structure},
			{Data: bytes.Repeat([]byte{0x86}, 9000), ID: 1, Descriptor: []byte{0xA5, 0x81, 2, 0x13, 9}},
		}, true},
		"flexible": {[]VP9Layer{
			{Data: delta, Descriptor: []byte{0xF9, 0x7F, 0x40, 3, 4}},
			{Data: bytes.Repeat([]byte{0x86}, 1175), ID: 2, Descriptor: []byte{0xF0, 0x7F, 0x45, 2}},
		}, false},
		"temporal layers alone": {[]VP9Layer{{Data: delta, Descriptor: []byte{0xE0, 0x81, 2, 0x90, 9}}}, false},
		"an upper one alone":    {[]VP9Layer{{Data: key, ID: 1, Descriptor: []byte{0xE0, 0x81, 2, 0x92, 9}}}, false},
		"the longest":           {[]VP9Layer{{Data: key, Descriptor: []byte{0xA0, 0x81, 2, 0x10, 9}, Structure: append([]byte{8, 48}, bytes.Repeat([]byte{0x18, 1, 2}, 48)...)}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := VP9Frame(300, tc.layers...)
			if err != nil {
				t.Fatal(err)
			}
			if (f.Type == av.Key) != tc.key || len(f.Parts) != len(tc.layers) {
				t.Errorf("type %d, %d parts", f.Type, len(f.Parts))
			}
			checkSizes(t, f.Payloads, len(tc.layers) == 1)
			layers := depayVP9(t, f.Payloads)
			if len(layers) != len(tc.layers) {
				t.Fatalf("%d layers", len(layers))
			}
			for i, l := range tc.layers {
				if !bytes.Equal(layers[i].Payload, l.Data) || !bytes.Equal(f.Parts[i], l.Data) {
					t.Errorf("layer %d changed on the way", i)
				}
				var want pion.VP9Packet
				first := append(bytes.Clone(l.Descriptor), l.Structure...)
				first[0] &^= vp9HasStructure
				if l.Structure != nil {
					first[0] |= vp9HasStructure
				}
				if _, err := want.Unmarshal(first); err != nil {
					t.Fatal(err)
				}
				ignored := cmpopts.IgnoreFields(pion.VP9Packet{}, "Payload", "B", "E", "videoDepacketizer")
				if diff := cmp.Diff(want, layers[i], ignored); diff != "" {
					t.Errorf("layer %d: %s", i, diff)
				}
			}
		})
	}
}

func TestVP9Refuses(t *testing.T) {
	data := readIVF(t, "vp9")[0]
	d := []byte{0x80, 1}
	for name, layers := range map[string][]VP9Layer{
		"nothing":          nil,
		"empty":            {{}},
		"no header":        {{Data: []byte{0}}},
		"cut key":          {{Data: data[:8]}},
		"out of order":     {{Data: data, ID: 1, Descriptor: d}, {Data: data, Descriptor: d}},
		"twice":            {{Data: data, Descriptor: d}, {Data: data, Descriptor: d}},
		"beyond":           {{Data: data, ID: 8, Descriptor: d}},
		"empty upper":      {{Data: data, Descriptor: d}, {ID: 1, Descriptor: d}},
		"no descriptors":   {{Data: data}, {Data: data, ID: 1}},
		"one descriptor":   {{Data: data, Descriptor: d}, {Data: data, ID: 1, Descriptor: []byte{}}},
		"long descriptor":  {{Data: data, Descriptor: make([]byte, maxVP9Descriptor+1)}},
		"long structure":   {{Data: data, Descriptor: d, Structure: make([]byte, maxVP9Descriptor)}},
		"too many of them": make([]VP9Layer, 9),
	} {
		if _, err := VP9Frame(0, layers...); err == nil {
			t.Errorf("%s: made a frame", name)
		}
	}
	if _, _, _, ok := VP9Size([]byte{0x88}); ok { // show_existing_frame
		t.Error("a frame shown again is a keyframe")
	}
}

func TestVP9Track(t *testing.T) {
	want := av.Track{Kind: av.Video, Codec: av.VP9, Width: 640, Height: 360, Profile: "Profile 2"}
	if diff := cmp.Diff(want, VP9Track(640, 360, 2)); diff != "" {
		t.Error(diff)
	}
}

func FuzzVP9Frame(f *testing.F) {
	for _, data := range readIVF(f, "vp9")[:3] {
		f.Add(data[:min(len(data), 3000)], data[:40], byte(0))
	}
	f.Fuzz(func(t *testing.T, data, upper []byte, flags byte) {
		layers := []VP9Layer{{Data: data}}
		if len(upper) > 0 {
			layers[0].Descriptor = []byte{0xA0, 0x81, flags, 0x10, 9}
			layers[0].Structure = []byte{flags & 0xE0}
			layers = append(layers, VP9Layer{Data: upper, ID: 1 + flags&3, Descriptor: []byte{0xA0, 0x81, flags, 0x12, 9}})
		}
		frame, err := VP9Frame(uint16(flags)<<7, layers...)
		if err != nil {
			return
		}
		checkSizes(t, frame.Payloads, len(layers) == 1)
		got := depayVP9(t, frame.Payloads)
		for i, l := range layers {
			if len(got) != len(layers) || !bytes.Equal(got[i].Payload, l.Data) {
				t.Fatal("changed on the way")
			}
		}
	})
}
