package codecs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/bits"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"millrace/transmux/av"
)

// ppsHead is how many bytes of a PPS are looked at: its own id (0 to 255) takes
// 17 bits at most and the SPS's (0 to 31) 11.
const ppsHead = 8

// ppsIDs are a PPS's own id and that of the SPS it refers to.
type ppsIDs struct{ pps, sps uint8 }

// parsePPS reads the ids from the head of a PPS (ITU-T H.264 section 7.3.2.2).
func parsePPS(nalu []byte) (ppsIDs, error) {
	if len(nalu) == 0 || naluType(nalu) != h264.NALUTypePPS {
		return ppsIDs{}, errors.New("codecs: H.264 PPS: not a PPS")
	}
	var room [ppsHead]byte
	head := unescape(room[:], nalu[1:])
	pos := 0
	pps, err := bits.ReadGolombUnsigned(head, &pos)
	if err != nil {
		return ppsIDs{}, fmt.Errorf("codecs: H.264 PPS: %w", err)
	}
	sps, err := bits.ReadGolombUnsigned(head, &pos)
	if err != nil {
		return ppsIDs{}, fmt.Errorf("codecs: H.264 PPS: %w", err)
	}
	if pps > 255 || sps > 31 {
		return ppsIDs{}, fmt.Errorf("codecs: H.264 PPS: id %d for SPS %d is out of range", pps, sps)
	}
	return ppsIDs{pps: uint8(pps), sps: uint8(sps)}, nil
}

// h264PPSID is a PPS's own id.
func h264PPSID(nalu []byte) (uint8, error) {
	ids, err := parsePPS(nalu)
	return ids.pps, err
}

// H264InBand finds the parameter sets among nalus: the first SPS and all PPSs,
// nil where there are none. The results share the units' bytes.
func H264InBand(nalus [][]byte) (sps []byte, pps [][]byte) {
	for _, n := range nalus {
		if len(n) == 0 {
			continue
		}
		switch naluType(n) {
		case h264.NALUTypeSPS:
			if sps == nil {
				sps = n
			}
		case h264.NALUTypePPS:
			pps = append(pps, n)
		}
	}
	return sps, pps
}

// H264Update looks for parameter sets among nalus that change the track, and
// returns the track they make of it; changed is false when they say nothing
// new. A nil t is a track not yet known: it takes an SPS and a PPS to make one.
// A PPS alone replaces the one with its id, or adds to the track's; an SPS that
// differs starts anew. The ID and what else t says of its place are kept.
func H264Update(t *av.Track, nalus [][]byte) (updated av.Track, changed bool, err error) {
	sps, pps := H264InBand(nalus)
	switch {
	case sps == nil && pps == nil:
		return av.Track{}, false, nil
	case t == nil || len(t.Config) == 0:
		if sps == nil || pps == nil {
			return av.Track{}, false, nil
		}
		updated, err = H264Track(sps, pps...)
		return updated, err == nil, err
	case sps == nil || bytes.Equal(sps, t.Config[0]):
		sps = t.Config[0]
		if pps, err = mergeSets(t.Config[1:], pps, h264PPSID); err != nil || pps == nil {
			return av.Track{}, false, err
		}
	case pps == nil:
		pps = t.Config[1:]
	}
	updated, err = H264Track(sps, pps...)
	// PPSs for another SPS were left out: what remains may be what was.
	if err != nil || slices.EqualFunc(updated.Config, t.Config, bytes.Equal) {
		return av.Track{}, false, err
	}
	updated.ID, updated.Rendition, updated.DerivedFrom = t.ID, t.Rendition, t.DerivedFrom
	return updated, true, nil
}

// withParameterSets returns a keyframe's units with those of config (SPS, then
// PPSs) that it lacks: behind the delimiter, which must stay first, and behind
// an SPS of its own. It returns nalus itself when nothing is missing, and when
// the keyframe brings another SPS, to which config does not belong.
func withParameterSets(config, nalus [][]byte) [][]byte {
	if len(config) == 0 {
		return nalus
	}
	at, hasSPS := 0, false
	if naluType(nalus[0]) == h264.NALUTypeAccessUnitDelimiter {
		at = 1
	}
	var room [maxPPS]bool
	present := room[:min(len(config)-1, maxPPS)]
	for i, n := range nalus {
		switch naluType(n) {
		case h264.NALUTypeSPS:
			if hasSPS {
				continue
			}
			if !bytes.Equal(n, config[0]) {
				return nalus
			}
			hasSPS, at = true, i+1
		case h264.NALUTypePPS:
			if j, err := findSet(config[1:], n, h264PPSID); err == nil && j < len(present) {
				present[j] = true
			}
		}
	}
	out := make([][]byte, 0, len(nalus)+len(config))
	out = append(out, nalus[:at]...)
	if !hasSPS {
		out = append(out, config[0])
	}
	for i, has := range present {
		if !has {
			out = append(out, config[i+1])
		}
	}
	if len(out) == at {
		return nalus
	}
	return append(out, nalus[at:]...)
}
