package rtmp

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
)

// AMF0 markers, "Action Message Format -- AMF 0" section 2.1.
const (
	amfNumber      = 0x00
	amfBoolean     = 0x01
	amfString      = 0x02
	amfObject      = 0x03
	amfNull        = 0x05
	amfUndefined   = 0x06
	amfReference   = 0x07
	amfECMAArray   = 0x08
	amfObjectEnd   = 0x09
	amfStrictArray = 0x0A
	amfDate        = 0x0B
	amfLongString  = 0x0C
	amfUnsupported = 0x0D
	amfXML         = 0x0F
	amfTyped       = 0x10
	amfAVMPlus     = 0x11
)

const (
	// maxDepth bounds nesting; go-amf0 recurses as deep as it is told. The
	// deepest that encoders send is 3.
	maxDepth = 16
	// maxValues bounds the values in one message; each costs the decoder some
	// 100 bytes. Metadata has 25, an Enhanced RTMP connect 50.
	maxValues = 1024
)

var (
	errAMFShort  = errors.New("AMF0 value is cut short")
	errAMFDeep   = errors.New("AMF0 values are nested too deeply")
	errAMFMany   = errors.New("AMF0 message has too many values")
	errAMFMarker = errors.New("AMF0 marker is not known")
	errAMFEnd    = errors.New("AMF0 object does not end")

	// errAMF3 ends the walk through a message without being a fault.
	errAMF3 = errors.New("AMF3 value")
)

// plainAMF appends the AMF0 values in src to dst, checked and in the few forms
// that go-amf0 reads without harm: numbers, booleans, short strings in valid
// UTF-8, objects, strict arrays, dates and null. An AMF3 value becomes null, and
// what is behind it is left away, since its end is not known.
func plainAMF(dst, src []byte) ([]byte, error) {
	g := amfGuard{out: dst, in: src}
	for len(g.in) > 0 {
		if err := g.value(0); errors.Is(err, errAMF3) {
			break
		} else if err != nil {
			return nil, protocolError("%w", err)
		}
	}
	return g.out, nil
}

type amfGuard struct {
	out    []byte
	in     []byte
	values int
}

func (g *amfGuard) value(depth int) error {
	if depth > maxDepth {
		return errAMFDeep
	}
	if g.values++; g.values > maxValues {
		return errAMFMany
	}
	head, err := g.take(1)
	if err != nil {
		return err
	}
	switch marker := head[0]; marker {
	case amfNumber:
		return g.copy(marker, 8)
	case amfBoolean:
		return g.copy(marker, 1)
	case amfDate:
		return g.copy(marker, 10)
	case amfString:
		return g.text(2)
	case amfLongString:
		return g.text(4)
	case amfXML:
		return g.skip(4)
	case amfReference:
		g.null()
		_, err := g.take(2)
		return err
	case amfNull, amfUndefined, amfUnsupported:
		g.null()
		return nil
	case amfObject:
		return g.object(depth)
	case amfECMAArray:
		// The count is no more than a hint (section 2.10). go-amf0 mixes up the
		// values in such an array, not those in an object.
		if _, err := g.take(4); err != nil {
			return err
		}
		return g.object(depth)
	case amfTyped:
		if _, err := g.counted(2); err != nil {
			return err
		}
		return g.object(depth)
	case amfStrictArray:
		return g.array(depth)
	case amfAVMPlus:
		g.null()
		return errAMF3
	default:
		return errAMFMarker
	}
}

// object copies properties up to the end marker. After an AMF3 value it is
// closed where it stands.
func (g *amfGuard) object(depth int) error {
	g.out = append(g.out, amfObject)
	for {
		key, err := g.counted(2)
		if err != nil {
			return err
		}
		if len(key) == 0 {
			end, err := g.take(1)
			if err != nil {
				return err
			}
			if end[0] != amfObjectEnd {
				return errAMFEnd
			}
			g.endObject()
			return nil
		}
		g.short(string(key))
		if err := g.value(depth + 1); err != nil {
			if errors.Is(err, errAMF3) {
				g.endObject()
			}
			return err
		}
	}
}

// array copies a strict array. Its count is checked against the bytes that are
// left, since go-amf0 allocates it at once.
func (g *amfGuard) array(depth int) error {
	head, err := g.take(4)
	if err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head)
	if uint64(n) > uint64(len(g.in)) {
		return errAMFShort
	}
	at := len(g.out)
	g.out = append(append(g.out, amfStrictArray), head...)
	for i := range n {
		if err := g.value(depth + 1); err != nil {
			if errors.Is(err, errAMF3) {
				binary.BigEndian.PutUint32(g.out[at+1:], i+1)
			}
			return err
		}
	}
	return nil
}

// text copies a string with a length of the given size; one that does not fit
// the short form becomes null.
func (g *amfGuard) text(size int) error {
	b, err := g.counted(size)
	if err != nil {
		return err
	}
	if len(b) > math.MaxUint16 {
		g.null()
		return nil
	}
	g.out = append(g.out, amfString)
	g.short(string(b))
	return nil
}

// short appends a string without a marker.
func (g *amfGuard) short(s string) {
	s = strings.ToValidUTF8(s, "?")
	g.out = append(binary.BigEndian.AppendUint16(g.out, uint16(len(s))), s...)
}

func (g *amfGuard) skip(size int) error {
	g.null()
	_, err := g.counted(size)
	return err
}

func (g *amfGuard) null() { g.out = append(g.out, amfNull) }

func (g *amfGuard) endObject() { g.out = append(g.out, 0, 0, amfObjectEnd) }

func (g *amfGuard) copy(marker byte, n int) error {
	b, err := g.take(n)
	if err != nil {
		return err
	}
	g.out = append(append(g.out, marker), b...)
	return nil
}

// counted takes the bytes behind a length of 2 or 4 bytes.
func (g *amfGuard) counted(size int) ([]byte, error) {
	head, err := g.take(size)
	if err != nil {
		return nil, err
	}
	n := uint32(0)
	for _, b := range head {
		n = n<<8 | uint32(b)
	}
	if uint64(n) > uint64(len(g.in)) {
		return nil, errAMFShort
	}
	return g.take(int(n))
}

func (g *amfGuard) take(n int) ([]byte, error) {
	if len(g.in) < n {
		return nil, errAMFShort
	}
	b := g.in[:n]
	g.in = g.in[n:]
	return b, nil
}
