package codecs

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/bits"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"millrace/transmux/av"
)

// sliceHead is how many bytes of a slice are looked at. first_mb_in_slice is
// below 2^18 in every level and takes 35 bits at most, slice_type 7.
const sliceHead = 8

// maxSliceType is the largest slice_type; 5 to 9 say the same as 0 to 4 and
// that all slices of the picture are alike (ITU-T H.264 table 7-6).
const maxSliceType = 9

const sliceTypeB = 1 // modulo 5

func naluType(nalu []byte) h264.NALUType { return h264.NALUType(nalu[0] & 0x1F) }

// h264FrameType tells the type of the access unit that non-empty nalus make,
// and whether there is a coded picture in it at all.
func h264FrameType(nalus [][]byte) (typ av.Type, coded bool, err error) {
	key, bidirectional := false, false
	for _, n := range nalus {
		switch naluType(n) {
		case h264.NALUTypeIDR:
			key, coded = true, true
		case h264.NALUTypeNonIDR, h264.NALUTypeDataPartitionA:
			coded = true
			t, err := sliceType(n)
			if err != nil {
				return 0, false, err
			}
			bidirectional = bidirectional || t%5 == sliceTypeB
		}
	}
	switch {
	case key:
		return av.Key, coded, nil
	case bidirectional:
		return av.Bidirectional, coded, nil
	default:
		return av.Delta, coded, nil
	}
}

// sliceType reads slice_type from a slice's header (ITU-T H.264 section 7.3.3).
func sliceType(nalu []byte) (uint32, error) {
	var room [sliceHead]byte
	head := unescape(room[:], nalu[1:])
	pos := 0
	if _, err := bits.ReadGolombUnsigned(head, &pos); err != nil { // first_mb_in_slice
		return 0, fmt.Errorf("slice header: %w", err)
	}
	t, err := bits.ReadGolombUnsigned(head, &pos)
	if err != nil {
		return 0, fmt.Errorf("slice header: %w", err)
	}
	if t > maxSliceType {
		return 0, errors.New("slice header: no such slice type")
	}
	return t, nil
}

// unescape copies the first bytes of src into dst without emulation prevention
// bytes (ITU-T H.264 section 7.4.1) until dst is full, and returns what it filled.
func unescape(dst, src []byte) []byte {
	n, zeros := 0, 0
	for _, b := range src {
		if n == len(dst) {
			break
		}
		if zeros == 2 && b == 3 {
			zeros = 0
			continue
		}
		if b == 0 && zeros < 2 {
			zeros++
		} else if b != 0 {
			zeros = 0
		}
		dst[n] = b
		n++
	}
	return dst[:n]
}
