package flv

import (
	"errors"
	"fmt"
)

// maxUnits bounds the NAL units of a message. A keyframe of 1 MB in slices of
// one packet each has 900; 4 MB of one-byte units would be a 100 MB table.
const maxUnits = 2048

// defaultLengthSize is the usual size of a NAL unit's length, taken for frames
// before the first sequence header.
const defaultLengthSize = 4

// avcRecord is what is used of an AVCDecoderConfigurationRecord.
type avcRecord struct {
	lengthSize int
	sps        []byte   // the first, nil when the record has none
	pps        [][]byte // all of them
}

var errShortRecord = errors.New("flv: AVC sequence header is cut short")

// parseAVCRecord reads an AVCDecoderConfigurationRecord (ISO 14496-15 section
// 5.3.3.1). What High profiles may append to it repeats the SPS and is not
// read, for encoders leave it out or get it wrong. The units share b's bytes.
func parseAVCRecord(b []byte) (avcRecord, error) {
	var r avcRecord
	if len(b) < 6 {
		return r, errShortRecord
	}
	if b[0] != 1 {
		return r, fmt.Errorf("flv: AVC sequence header of version %d", b[0])
	}
	r.lengthSize = int(b[4]&3) + 1
	if r.lengthSize == 3 {
		return r, errors.New("flv: AVC sequence header: NAL unit lengths of 3 bytes")
	}
	spsCount, b := int(b[5]&0x1F), b[6:]
	for i := range spsCount {
		unit, rest, err := cutUnit(b)
		if err != nil {
			return r, err
		}
		if i == 0 {
			r.sps = unit
		}
		b = rest
	}
	if spsCount == 0 {
		return r, nil
	}
	if len(b) < 1 {
		return r, errShortRecord
	}
	ppsCount, b := int(b[0]), b[1:]
	for range ppsCount {
		unit, rest, err := cutUnit(b)
		if err != nil {
			return r, err
		}
		r.pps = append(r.pps, unit)
		b = rest
	}
	return r, nil
}

// cutUnit cuts a unit with a length of two bytes off b.
func cutUnit(b []byte) (unit, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errShortRecord
	}
	n := int(b[0])<<8 | int(b[1])
	if n > len(b)-2 {
		return nil, nil, errShortRecord
	}
	return b[2 : 2+n : 2+n], b[2+n:], nil
}

// splitUnits splits an access unit into its NAL units (ISO 14496-15 section
// 5.3.4.2), leaving out empty ones. They share data's bytes. The lengths are
// walked before anything is allocated.
func splitUnits(data []byte, lengthSize int) ([][]byte, error) {
	if lengthSize == 0 {
		lengthSize = defaultLengthSize
	}
	count := 0
	for rest := data; len(rest) > 0; {
		if len(rest) < lengthSize {
			return nil, errors.New("flv: video message ends within a NAL unit's length")
		}
		n := unitLength(rest, lengthSize)
		if n > uint64(len(rest)-lengthSize) {
			return nil, fmt.Errorf("flv: video message: NAL unit of %d bytes, %d are there", n, len(rest)-lengthSize)
		}
		if n > 0 {
			count++
		}
		rest = rest[lengthSize+int(n):]
	}
	if count > maxUnits {
		return nil, fmt.Errorf("flv: video message of %d NAL units, more than %d", count, maxUnits)
	}
	units := make([][]byte, 0, count)
	for rest := data; len(rest) > 0; {
		end := lengthSize + int(unitLength(rest, lengthSize))
		if end > lengthSize {
			units = append(units, rest[lengthSize:end:end])
		}
		rest = rest[end:]
	}
	return units, nil
}

// unitLength reads the big-endian length of size bytes at the start of b.
func unitLength(b []byte, size int) (n uint64) {
	for _, c := range b[:size] {
		n = n<<8 | uint64(c)
	}
	return n
}
