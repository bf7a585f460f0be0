package codecs

import (
	"errors"
	"fmt"
)

// The OBU types that matter here (AV1 specification section 6.2.2).
const (
	av1SequenceHeader    = 1
	av1TemporalDelimiter = 2
	av1FrameHeader       = 3
	av1FrameOBU          = 6
	av1TileList          = 8
	av1Padding           = 15
)

// The bits of an OBU's header (AV1 specification section 5.3.2).
const (
	av1Forbidden    = 0x80
	av1HasExtension = 0x04
	av1HasSize      = 0x02
)

func av1Type(obu []byte) byte { return obu[0] >> 3 & 0xF }

// av1HeaderSize is an OBU's header in bytes, its extension included. The OBU is
// not empty, but may be shorter than that.
func av1HeaderSize(obu []byte) int {
	if obu[0]&av1HasExtension != 0 {
		return 2
	}
	return 1
}

// errLEB128 is of a length that has no end or is beyond 32 bits, which it must
// not be (AV1 specification section 4.10.5).
var errLEB128 = errors.New("length cut short or beyond 32 bits")

// readLEB128 reads a length of AV1 and says how many bytes it took.
func readLEB128(b []byte) (value, n int, err error) {
	var v uint64
	for n < len(b) && n < 8 {
		c := b[n]
		v |= uint64(c&0x7F) << (7 * n)
		n++
		if c&0x80 == 0 {
			if v > 1<<31-1 { // no buffer is as large, and it must fit an int of 32 bits
				break
			}
			return int(v), n, nil
		}
	}
	return 0, 0, errLEB128
}

// appendLEB128 appends a length of AV1.
func appendLEB128(b []byte, v int) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// sizeLEB128 is how many bytes appendLEB128 appends.
func sizeLEB128(v int) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

// AV1Plain returns an OBU without the size field that it may have, and without
// what follows behind that size. It changes obu's bytes and returns a part of
// them; an OBU without size field is returned as it is.
func AV1Plain(obu []byte) ([]byte, error) {
	if len(obu) == 0 || len(obu) < av1HeaderSize(obu) {
		return nil, errors.New("codecs: AV1: OBU without a whole header")
	}
	if obu[0]&av1Forbidden != 0 {
		return nil, errors.New("codecs: AV1: forbidden bit is set")
	}
	if obu[0]&av1HasSize == 0 {
		return obu, nil
	}
	head := av1HeaderSize(obu)
	size, n, err := readLEB128(obu[head:])
	if err != nil {
		return nil, fmt.Errorf("codecs: AV1: OBU: %w", err)
	}
	if size > len(obu)-head-n {
		return nil, errors.New("codecs: AV1: OBU is cut short")
	}
	// The header moves up to its payload, over the size.
	header := [2]byte{obu[0] &^ av1HasSize, obu[head-1]}
	plain := obu[n : n+head+size : n+head+size]
	copy(plain, header[:head])
	return plain, nil
}

// AV1Split takes a temporal unit of the low-overhead format (AV1 specification
// section 5.2) apart, as RTMP and files carry it, into OBUs as AV1Plain makes them. It
// changes unit's bytes and returns parts of them. The last OBU may lack its size.
func AV1Split(unit []byte) ([][]byte, error) {
	var obus [][]byte
	for len(unit) > 0 {
		if len(obus) == maxParts {
			return nil, fmt.Errorf("codecs: AV1: more than %d OBUs", maxParts)
		}
		end := len(unit)
		if head := av1HeaderSize(unit); unit[0]&av1HasSize != 0 && len(unit) >= head {
			size, n, err := readLEB128(unit[head:])
			if err != nil {
				return nil, fmt.Errorf("codecs: AV1: OBU: %w", err)
			}
			if size < end-head-n {
				end = head + n + size
			}
		}
		obu, err := AV1Plain(unit[:end:end])
		if err != nil {
			return nil, err
		}
		obus = append(obus, obu)
		unit = unit[end:]
	}
	return obus, nil
}
