package flv

import (
	"errors"
	"fmt"
)

// maxRecordUnits bounds the units of an HEVCDecoderConfigurationRecord: three is
// usual, and some encoders put SEI there.
const maxRecordUnits = 64

// hevcRecord is what is used of an HEVCDecoderConfigurationRecord.
type hevcRecord struct {
	lengthSize int
	vps, sps   []byte   // the first ones, nil when the record has none
	pps        [][]byte // all of them
}

var errShortHEVC = errors.New("flv: HEVC sequence header is cut short")

// parseHEVCRecord reads an HEVCDecoderConfigurationRecord (ISO 14496-15 section
// 8.3.3.1). What it says beside the units repeats the SPS and is not read, for
// encoders get it wrong. The units share b's bytes.
func parseHEVCRecord(b []byte) (hevcRecord, error) {
	const head = 23
	var r hevcRecord
	if len(b) < head {
		return r, errShortHEVC
	}
	if b[0] > 1 { // some encoders wrote drafts' records, which had 0
		return r, fmt.Errorf("flv: HEVC sequence header of version %d", b[0])
	}
	r.lengthSize = int(b[21]&3) + 1
	if r.lengthSize == 3 {
		return r, errors.New("flv: HEVC sequence header: NAL unit lengths of 3 bytes")
	}
	arrays, b, total := int(b[22]), b[head:], 0
	for range arrays {
		if len(b) < 3 {
			return r, errShortHEVC
		}
		kind, count := b[0]&0x3F, int(b[1])<<8|int(b[2])
		b = b[3:]
		if total += count; total > maxRecordUnits {
			return r, fmt.Errorf("flv: HEVC sequence header of more than %d units", maxRecordUnits)
		}
		for range count {
			unit, rest, err := cutUnit(b)
			if err != nil {
				return r, errShortHEVC
			}
			b = rest
			r.take(kind, unit)
		}
	}
	return r, nil
}

// take keeps a unit by the type of its array.
func (r *hevcRecord) take(kind byte, unit []byte) {
	const vps, sps, pps = 32, 33, 34
	switch {
	case kind == vps && r.vps == nil:
		r.vps = unit
	case kind == sps && r.sps == nil:
		r.sps = unit
	case kind == pps:
		r.pps = append(r.pps, unit)
	}
}
