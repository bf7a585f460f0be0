package rtpio

import (
	"bytes"
	"testing"

	"millrace/transmux/av"
)

// blocks takes a RED payload apart, RFC 2198 section 3.
func blocks(t *testing.T, raw []byte) (types []byte, offsets []uint32, data [][]byte) {
	t.Helper()
	var lengths []int
	for {
		types = append(types, raw[0]&0x7f)
		if raw[0]&0x80 == 0 {
			raw = raw[1:]
			break
		}
		offsets = append(offsets, uint32(raw[1])<<6|uint32(raw[2])>>2)
		lengths = append(lengths, int(raw[2]&3)<<8|int(raw[3]))
		raw = raw[4:]
	}
	for _, n := range lengths {
		data, raw = append(data, raw[:n]), raw[n:]
	}
	return types, offsets, append(data, raw)
}

func TestREDCarriesWhatWentBefore(t *testing.T) {
	var r RED
	first, second := &av.Payload{Body: bytes.Repeat([]byte{1}, 700)}, &av.Payload{Head: []byte{2}, Body: []byte{3, 4}}
	if _, ok := r.Wrap(first, 960, 111); ok {
		t.Fatal("nothing went before")
	}
	r.Remember(first, 960)
	p, ok := r.Wrap(second, 1920, 111)
	if !ok {
		t.Fatal("it does not wrap")
	}
	types, offsets, data := blocks(t, append(append([]byte(nil), p.Head...), p.Body...))
	if !bytes.Equal(types, []byte{111, 111}) || len(offsets) != 1 || offsets[0] != 960 {
		t.Errorf("types %v, offsets %v", types, offsets)
	}
	if !bytes.Equal(data[0], first.Body) || !bytes.Equal(data[1], []byte{2, 3, 4}) {
		t.Errorf("carries %v", data)
	}
}

func TestREDOfWhatDoesNotGoTogether(t *testing.T) {
	small := &av.Payload{Body: []byte{1}}
	for name, tt := range map[string]struct {
		previous, now int
		offset        uint32
	}{
		"too long before": {10, 10, 1 << 14}, "at once": {10, 10, 0}, "out of order": {10, 10, 1 << 31},
		"too large for a block": {1024, 10, 960}, "too large together": {700, 600, 960}, "nothing before": {0, 10, 960},
	} {
		var r RED
		r.Remember(&av.Payload{Body: make([]byte, tt.previous)}, 5)
		if _, ok := r.Wrap(&av.Payload{Body: make([]byte, tt.now)}, 5+tt.offset, 111); ok {
			t.Errorf("%s: it wraps", name)
		}
		r.Remember(small, 5+tt.offset)
		if _, ok := r.Wrap(small, 5+tt.offset+960, 111); !ok {
			t.Errorf("%s: the next does not wrap", name)
		}
	}
}
