package codecs

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"millrace/transmux/av"
)

// maxH264Dimension bounds width and height in pixels. Level 6.2, the highest,
// ends at 16 864 (ITU-T H.264 table A-1: 8 times the largest frame's square root).
const maxH264Dimension = 16864

// H264Track describes the track that a sequence parameter set and its picture
// parameter sets (NAL units without framing) announce: dimensions after
// cropping, profile and level in words, and Config = SPS, then those PPSs that
// refer to it. The units are copied.
//
// It fails when the SPS cannot be parsed, when its picture is empty or beyond
// every level, or when no PPS refers to it.
func H264Track(sps []byte, pps ...[]byte) (av.Track, error) {
	if len(sps) > maxParameterSets {
		return av.Track{}, fmt.Errorf("codecs: H.264 SPS of %d bytes, more than %d", len(sps), maxParameterSets)
	}
	var s h264.SPS
	if err := s.Unmarshal(sps); err != nil {
		return av.Track{}, fmt.Errorf("codecs: H.264 SPS: %w", err)
	}
	width, height, err := h264Dimensions(&s)
	if err != nil {
		return av.Track{}, err
	}
	config, size := [][]byte{bytes.Clone(sps)}, len(sps)
	for _, p := range pps {
		ids, err := parsePPS(p)
		if err != nil {
			return av.Track{}, err
		}
		if uint32(ids.sps) != s.ID {
			continue
		}
		size += len(p)
		if len(config) > maxPPS || size > maxParameterSets {
			return av.Track{}, fmt.Errorf("codecs: H.264 parameter sets: more than %d PPSs or %d bytes", maxPPS, maxParameterSets)
		}
		config = append(config, bytes.Clone(p))
	}
	if len(config) == 1 {
		return av.Track{}, fmt.Errorf("codecs: H.264: no PPS for SPS %d", s.ID)
	}
	return av.Track{
		Kind:    av.Video,
		Codec:   av.H264,
		Config:  config,
		Width:   width,
		Height:  height,
		Profile: h264Profile(sps),
	}, nil
}

// H264Frame makes a frame of one access unit's NAL units (without framing).
// Its Type is Key when there is an IDR slice, Bidirectional when any slice is a
// B slice, else Delta (a recovery point that is no IDR picture is Delta too).
// Its Parts are the units as they came, empty ones dropped; a keyframe gets
// those of t's parameter sets that it lacks. Its Payloads follow RFC 6184,
// packetization-mode 1.
//
// The frame keeps nalus and the bytes they point to. PTS, DTS, Arrived and
// Track are left to the caller. A nil frame without an error means that nothing
// in there can be decoded: only delimiters, parameter sets, filler or SEI.
func H264Frame(t *av.Track, nalus [][]byte) (*av.Frame, error) {
	nalus = dropEmpty(nalus)
	typ, coded, err := h264FrameType(nalus)
	if err != nil {
		return nil, fmt.Errorf("codecs: H.264: %w", err)
	}
	if !coded {
		return nil, nil
	}
	if typ == av.Key && t != nil {
		nalus = withParameterSets(t.Config, nalus)
	}
	return &av.Frame{Type: typ, Parts: nalus, Payloads: h264Payloads(nalus)}, nil
}

// H264ProfileLevelID returns the profile-level-id of SDP (RFC 6184 section
// 8.1), six hexadecimal digits such as "640028", or "" when t has no SPS.
func H264ProfileLevelID(t *av.Track) string {
	if len(t.Config) == 0 || len(t.Config[0]) < 4 {
		return ""
	}
	return hex.EncodeToString(t.Config[0][1:4])
}

// dropEmpty returns nalus without empty ones, and nalus itself when it has none.
func dropEmpty(nalus [][]byte) [][]byte {
	empty := 0
	for _, n := range nalus {
		if len(n) == 0 {
			empty++
		}
	}
	if empty == 0 {
		return nalus
	}
	kept := make([][]byte, 0, len(nalus)-empty)
	for _, n := range nalus {
		if len(n) > 0 {
			kept = append(kept, n)
		}
	}
	return kept
}

// h264Dimensions computes the cropped size in pixels (ITU-T H.264 section
// 7.4.2.1.1) in 64 bits: the SPS comes from outside and its fields may be
// anything up to 2^32.
func h264Dimensions(s *h264.SPS) (width, height int, err error) {
	cropX, cropY := int64(1), int64(1)
	if !s.SeparateColourPlaneFlag {
		if s.ChromaFormatIdc == 1 || s.ChromaFormatIdc == 2 {
			cropX = 2
		}
		if s.ChromaFormatIdc == 1 {
			cropY = 2
		}
	}
	fields := int64(1)
	if !s.FrameMbsOnlyFlag {
		fields = 2
	}
	w := 16 * (int64(s.PicWidthInMbsMinus1) + 1)
	h := 16 * (int64(s.PicHeightInMapUnitsMinus1) + 1) * fields
	if c := s.FrameCropping; c != nil {
		w -= cropX * (int64(c.LeftOffset) + int64(c.RightOffset))
		h -= cropY * fields * (int64(c.TopOffset) + int64(c.BottomOffset))
	}
	if w < 1 || h < 1 {
		return 0, 0, errors.New("codecs: H.264 SPS: cropping leaves no picture")
	}
	if w > maxH264Dimension || h > maxH264Dimension {
		return 0, 0, fmt.Errorf("codecs: H.264 SPS: picture of %dx%d is beyond every level", w, h)
	}
	return int(w), int(h), nil
}
