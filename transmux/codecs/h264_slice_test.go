package codecs

import (
	"testing"

	"millrace/transmux/av"
)

// The types of every frame agree with ffprobe's.
func TestH264FrameTypesOfRealFiles(t *testing.T) {
	for _, name := range mediaFiles {
		t.Run(name, func(t *testing.T) {
			m := readMedia(t, name)
			track := m.track(t)
			var got []byte
			for i, nalus := range m.video {
				f, err := H264Frame(track, nalus)
				if err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
				got = append(got, map[av.Type]byte{av.Key: 'I', av.Delta: 'P', av.Bidirectional: 'B'}[f.Type])
			}
			if string(got) != m.types {
				t.Errorf("types\n%s, ffprobe says\n%s", got, m.types)
			}
		})
	}
}

func TestH264FrameType(t *testing.T) {
	var (
		idr   = []byte{0x65, 0x88, 0x80}
		p     = []byte{0x41, 0x9A, 0x80}                            // first_mb 0, type 5
		b     = []byte{0x01, 0x9F, 0x80}                            // first_mb 0, type 6
		bOld  = []byte{0x01, 0xA8, 0x80}                            // type 1
		i     = []byte{0x41, 0x88, 0x80}                            // type 7
		later = []byte{0x01, 0, 0, 3, 0x01, 0xFF, 0xFF, 0xFE, 0x80} // first_mb 2^24-2, type 1
	)
	for name, tc := range map[string]struct {
		nalus [][]byte
		want  av.Type
	}{
		"IDR":                       {[][]byte{{0x09, 0xF0}, idr}, av.Key},
		"I without IDR":             {[][]byte{i}, av.Delta},
		"P":                         {[][]byte{p, p}, av.Delta},
		"B in the second slice":     {[][]byte{p, bOld}, av.Bidirectional},
		"B, all slices":             {[][]byte{b}, av.Bidirectional},
		"B in a data partition":     {[][]byte{append([]byte{0x02}, b[1:]...)}, av.Bidirectional},
		"an emulation byte between": {[][]byte{later}, av.Bidirectional},
		"an empty unit":             {[][]byte{{}, p, nil}, av.Delta},
	} {
		f, err := H264Frame(nil, tc.nalus)
		if err != nil || f == nil || f.Type != tc.want {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, nalus := range map[string][][]byte{
		"no units":         nil,
		"delimiter":        {{0x09, 0xF0}},
		"SEI and filler":   {{0x06, 1, 0, 0x80}, {0x0C, 0xFF}},
		"parameter sets":   {{0x67, 1}, {0x68, 1}},
		"an unknown type":  {{0x1E, 1}},
		"a lone partition": {{0x03, 0x80}},
	} {
		if f, err := H264Frame(nil, nalus); f != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, nalu := range map[string][]byte{
		"no header":            {0x41},
		"half a header":        {0x41, 0x80},
		"only zeros":           {0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"a type beyond 9":      {0x41, 0x85, 0x80},
		"emulation bytes only": {0x41, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0},
	} {
		if f, err := H264Frame(nil, [][]byte{nalu}); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
