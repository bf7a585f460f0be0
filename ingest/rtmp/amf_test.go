package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yutopp/go-amf0"
)

// nested is n objects or arrays inside each other.
func nested(marker byte, n int) []byte {
	var b []byte
	for range n {
		switch b = append(b, marker); marker {
		case amfStrictArray:
			b = append(b, 0, 0, 0, 1)
		case amfECMAArray:
			b = append(b, 0, 0, 0, 1, 0, 1, 'a')
		case amfTyped:
			b = append(b, 0, 1, 'T', 0, 1, 'a')
		default:
			b = append(b, 0, 1, 'a')
		}
	}
	return append(b, amfNull)
}

func ended(b []byte, n int) []byte {
	for range n {
		b = append(b, 0, 0, amfObjectEnd)
	}
	return b
}

func TestPlainAMF(t *testing.T) {
	long := append(binary.BigEndian.AppendUint32([]byte{amfLongString}, 3), "abc"...)
	tests := []struct {
		name string
		in   []byte
		want any // as go-amf0 reads it
		err  error
	}{
		{"number", appendNumber(nil, 1.5), 1.5, nil},
		{"boolean", []byte{amfBoolean, 1}, true, nil},
		{"string", appendString(nil, "abc"), "abc", nil},
		{"bad UTF-8", []byte{amfString, 0, 3, 'a', 0xFF, 'b'}, "a?b", nil},
		{"long string", long, "abc", nil},
		{"null", []byte{amfNull}, nil, nil},
		{"undefined", []byte{amfUndefined}, nil, nil},
		{"unsupported", []byte{amfUnsupported}, nil, nil},
		{"reference", []byte{amfReference, 0, 1}, nil, nil},
		{"XML", []byte{amfXML, 0, 0, 0, 2, 'h', 'i'}, nil, nil},
		{"object", appendObject(nil, property{"a", "b"}), map[string]any{"a": "b"}, nil},
		{"typed object", []byte{amfTyped, 0, 1, 'T', 0, 1, 'a', amfNull, 0, 0, 9}, map[string]any{"a": nil}, nil},
		{
			"objects in an ECMA array",
			[]byte{
				amfECMAArray, 0xFF, 0xFF, 0xFF, 0xFF,
				0, 1, 'a', amfObject, 0, 1, 'x', amfBoolean, 1, 0, 0, 9,
				0, 1, 'b', amfObject, 0, 1, 'y', amfBoolean, 0, 0, 0, 9, 0, 0, 9,
			},
			map[string]any{"a": map[string]any{"x": true}, "b": map[string]any{"y": false}},
			nil,
		},
		{"strict array", []byte{amfStrictArray, 0, 0, 0, 2, amfNull, amfBoolean, 1}, []any{nil, true}, nil},
		{"AMF3 inside", []byte{amfObject, 0, 1, 'a', amfBoolean, 1, 0, 1, 'b', amfAVMPlus, 9, 9, 9}, map[string]any{"a": true, "b": nil}, nil},
		{"AMF3 in an array", []byte{amfStrictArray, 0, 0, 0, 4, amfBoolean, 1, amfAVMPlus, 9, 9, 9}, []any{true, nil}, nil},
		{"as deep as allowed", ended(nested(amfObject, maxDepth), maxDepth), nil, nil},

		{"too deep", nested(amfObject, maxDepth+1), nil, errAMFDeep},
		{"too deep, arrays", nested(amfStrictArray, 1_000_000), nil, errAMFDeep},
		{"too deep, ECMA", nested(amfECMAArray, 500_000), nil, errAMFDeep},
		{"too deep, typed", nested(amfTyped, 500_000), nil, errAMFDeep},
		{"too many", bytes.Repeat([]byte{amfNull}, maxValues+1), nil, errAMFMany},
		{"an array longer than its message", []byte{amfStrictArray, 0x7F, 0xFF, 0xFF, 0xFF, amfNull}, nil, errAMFShort},
		{"a string longer than its message", []byte{amfString, 0xFF, 0xFF, 'a'}, nil, errAMFShort},
		{"a long string longer than its message", []byte{amfLongString, 0xFF, 0xFF, 0xFF, 0xFF, 'a'}, nil, errAMFShort},
		{"an object without end", []byte{amfObject, 0, 0, 0}, nil, errAMFEnd},
		{"an object cut short", []byte{amfObject, 0, 1, 'a'}, nil, errAMFShort},
		{"an unknown marker", []byte{0x42}, nil, errAMFMarker},
		{"a movie clip", []byte{0x04}, nil, errAMFMarker},
		{"a stray end", []byte{amfObjectEnd}, nil, errAMFMarker},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := plainAMF(nil, tt.in)
			if !errors.Is(err, tt.err) || (err != nil) != errors.Is(err, errProtocol) {
				t.Fatalf("got error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			var got any
			if err := amf0.NewDecoder(bytes.NewReader(plain)).Decode(&got); err != nil {
				t.Fatalf("the library: %v", err)
			}
			if tt.want != nil || tt.name == "null" {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// FuzzAMF: whatever passes the guard, the library reads to its end, and the
// guard finds nothing more to change.
func FuzzAMF(f *testing.F) {
	f.Add(appendObject(appendNumber(appendString(nil, "connect"), 1), property{"app", "live"}))
	f.Add(nested(amfECMAArray, 20))
	f.Add([]byte{amfStrictArray, 0, 0, 0, 2, amfNull, amfAVMPlus, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > maxCommand {
			return
		}
		plain, err := plainAMF(nil, in)
		if err != nil {
			return
		}
		again, err := plainAMF(nil, plain)
		if err != nil || !bytes.Equal(plain, again) {
			t.Fatalf("plain is not plain: %v\n%x\n%x", err, plain, again)
		}
		r := bytes.NewReader(plain)
		for dec := amf0.NewDecoder(r); r.Len() > 0; {
			var v any
			if err := dec.Decode(&v); err != nil {
				t.Fatalf("the library cannot read %x: %v", plain, err)
			}
		}
		if c, err := parseCommand(plain); err == nil {
			_ = c.answer(0, false)
		}
		_ = encoderName(plain)
	})
}
