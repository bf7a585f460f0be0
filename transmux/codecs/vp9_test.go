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
// descriptor against its neighbours.
func depayVP9(tb testing.TB, picture uint16, payloads []av.Payload) (layers []VP9Layer, structure *pion.VP9Packet) {
	tb.Helper()
	open := false
	for i, p := range payloads {
		packet := &pion.VP9Packet{}
		body, err := packet.Unmarshal(whole(p))
		if err != nil {
			tb.Fatalf("payload %d: %v", i, err)
		}
		if !packet.I || packet.F || packet.PictureID != picture || packet.B == open || packet.V && i > 0 {
			tb.Fatalf("payload %d: %+v", i, packet)
		}
		if packet.L && (packet.TID != 0 || packet.TL0PICIDX != uint8(picture)) {
			tb.Fatalf("payload %d: %+v", i, packet)
		}
		if packet.V {
			structure = packet
		}
		now := VP9Layer{ID: packet.SID, InterPicture: packet.P, InterLayer: packet.D}
		if packet.B {
			layers = append(layers, now)
		}
		l := &layers[len(layers)-1]
		if now.ID != l.ID || now.InterPicture != l.InterPicture || now.InterLayer != l.InterLayer {
			tb.Fatalf("payload %d of layer %d: %+v", i, l.ID, packet)
		}
		l.Data = append(l.Data, body...)
		open = !packet.E
	}
	if open {
		tb.Fatal("the last layer has no end")
	}
	return layers, structure
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
			layers, ss := depayVP9(t, picture, f.Payloads)
			if len(layers) != 1 || !bytes.Equal(layers[0].Data, data) || layers[0].InterPicture == key {
				t.Errorf("%s: frame %d changed on the way", name, i)
			}
			if (ss != nil) != key {
				t.Errorf("%s: frame %d: scalability structure %+v", name, i, ss)
			}
			if ss != nil && (ss.NS != 0 || !ss.Y || ss.Width[0] != 640 || ss.Height[0] != 360 || ss.NG != 1 || ss.PGPDiff[0][0] != 1) {
				t.Errorf("%s: frame %d: scalability structure %+v", name, i, ss)
			}
		}
	}
}

func TestVP9Layers(t *testing.T) {
	frames := readIVF(t, "vp9")
	key, delta := frames[0], frames[1]
	upper := func(id uint8, interPicture, interLayer bool, size int) VP9Layer {
		return VP9Layer{
			ID: id, Data: bytes.Repeat([]byte{0x86}, size), InterPicture: interPicture, InterLayer: interLayer,
			Width: 640 << id, Height: 360 << id,
		}
	}
	for name, tc := range map[string]struct {
		layers []VP9Layer
		key    bool
		sizes  []uint16
	}{
		"keyframe":             {[]VP9Layer{{Data: key}, upper(1, false, true, 2000), upper(2, false, true, 9000)}, true, []uint16{640, 1280, 2560}},
		"of unknown size":      {[]VP9Layer{{Data: key}, {ID: 1, Data: delta, InterLayer: true}}, true, nil},
		"only between layers":  {[]VP9Layer{{Data: delta}, upper(1, true, false, 10), upper(2, true, true, 1175)}, false, nil},
		"without a middle one": {[]VP9Layer{{Data: key}, upper(2, false, true, 1176)}, true, []uint16{640, 2560}},
		"an upper one alone":   {[]VP9Layer{upper(1, true, false, 100)}, false, nil},
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
			layers, ss := depayVP9(t, 300, f.Payloads)
			for i := range tc.layers {
				if tc.layers[i].ID == 0 {
					tc.layers[i].InterPicture = !tc.key
				}
			}
			for i, l := range layers {
				if !bytes.Equal(l.Data, tc.layers[i].Data) {
					t.Errorf("layer %d changed on the way", i)
				}
			}
			if diff := cmp.Diff(tc.layers, layers, cmpopts.IgnoreFields(VP9Layer{}, "Width", "Height", "Data")); diff != "" {
				t.Error(diff)
			}
			if (ss != nil) != tc.key {
				t.Fatalf("scalability structure %+v", ss)
			}
			if ss != nil && (int(ss.NS) != len(tc.layers)-1 || !cmp.Equal(ss.Width, tc.sizes, cmpopts.EquateEmpty())) {
				t.Errorf("scalability structure %+v", ss)
			}
			// Z: a layer is needed where the next one up says so.
			at := -1
			for i, p := range f.Payloads {
				if p.Head[0]&vp9Begins != 0 {
					at++
				}
				needed := at+1 < len(tc.layers) && tc.layers[at+1].InterLayer
				if (p.Head[0]&vp9NotReference == 0) != needed {
					t.Errorf("payload %d of layer %d: %#x", i, at, p.Head[0])
				}
			}
		})
	}
}

func TestVP9Refuses(t *testing.T) {
	data := readIVF(t, "vp9")[0]
	for name, layers := range map[string][]VP9Layer{
		"nothing":      nil,
		"empty":        {{}},
		"no header":    {{Data: []byte{0}}},
		"cut key":      {{Data: data[:8]}},
		"out of order": {{Data: data, ID: 1}, {Data: data}},
		"twice":        {{Data: data}, {Data: data}},
		"beyond":       {{Data: data, ID: 8}},
		"empty upper":  {{Data: data}, {ID: 1}},
		"too many":     make([]VP9Layer, 9),
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
			layers = append(layers, VP9Layer{
				Data: upper, ID: 1 + flags&3, InterLayer: flags&4 != 0, InterPicture: flags&8 != 0,
				Width: int(flags >> 4), Height: int(flags >> 5),
			})
		}
		frame, err := VP9Frame(uint16(flags)<<7, layers...)
		if err != nil {
			return
		}
		checkSizes(t, frame.Payloads, len(layers) == 1)
		got, _ := depayVP9(t, uint16(flags)<<7, frame.Payloads)
		for i, l := range layers {
			if len(got) != len(layers) || !bytes.Equal(got[i].Data, l.Data) {
				t.Fatal("changed on the way")
			}
		}
	})
}
