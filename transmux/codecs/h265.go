package codecs

import (
	"bytes"
	"fmt"

	"millrace/transmux/av"
)

// maxH265Dimension bounds width and height in pixels: level 6.2 ends at the
// square root of 8 times its largest picture (ITU-T H.265 table A.8).
const maxH265Dimension = 16888

// H265Track describes the track that a video, a sequence and the picture
// parameter sets (NAL units without framing) announce: dimensions after
// cropping, profile, level and tier in words ("Main 4.0", "Main 10 5.1 High
// tier"), and Config = VPS, SPS, then those PPSs that refer to it. The units are
// copied.
//
// It fails when the SPS cannot be parsed, when its picture is empty or beyond
// every level, when the VPS is none, or when no PPS refers to the SPS.
func H265Track(vps, sps []byte, pps ...[]byte) (av.Track, error) {
	if len(vps) < 4 || h265Type(vps) != h265VPS || h265Layer(vps) != 0 {
		return av.Track{}, fmt.Errorf("codecs: H.265 VPS: %d bytes that are no VPS", len(vps))
	}
	size := len(vps) + len(sps)
	if size > maxParameterSets {
		return av.Track{}, fmt.Errorf("codecs: H.265 VPS and SPS of %d bytes, more than %d", size, maxParameterSets)
	}
	var s h265SPSFields
	if err := s.parse(sps); err != nil {
		return av.Track{}, fmt.Errorf("codecs: H.265 SPS: %w", err)
	}
	width, height, err := s.dimensions()
	if err != nil {
		return av.Track{}, fmt.Errorf("codecs: H.265 SPS: %w", err)
	}
	config := [][]byte{bytes.Clone(vps), bytes.Clone(sps)}
	for _, p := range pps {
		f, err := parseH265PPS(p)
		if err != nil {
			return av.Track{}, err
		}
		if f.sps != s.id {
			continue
		}
		size += len(p)
		if len(config) > maxPPS+1 || size > maxParameterSets {
			return av.Track{}, fmt.Errorf("codecs: H.265 parameter sets: more than %d PPSs or %d bytes", maxPPS, maxParameterSets)
		}
		config = append(config, bytes.Clone(p))
	}
	if len(config) == 2 {
		return av.Track{}, fmt.Errorf("codecs: H.265: no PPS for SPS %d", s.id)
	}
	return av.Track{
		Kind:    av.Video,
		Codec:   av.H265,
		Config:  config,
		Width:   width,
		Height:  height,
		Profile: s.profile(),
	}, nil
}

// H265Frame makes a frame of one access unit's NAL units (without framing). Its
// Type is Key when there is an IRAP picture (IDR, CRA or BLA), Bidirectional when
// the picture is shown before one that it follows (see h265Picture), else Delta:
// B slices alone do not make it so, for low-delay encoders send nothing else.
// Its Parts are the units as they came, empty ones dropped; a keyframe gets those
// of t's parameter sets that it lacks. Its Payloads follow RFC 7798.
//
// The frame keeps nalus and the bytes they point to. PTS, DTS, Arrived and Track
// are left to the caller. A nil frame without an error means that nothing in
// there can be decoded: only delimiters, parameter sets, filler, SEI, or units of
// other layers than the base.
func H265Frame(t *av.Track, nalus [][]byte) (*av.Frame, error) {
	nalus = dropEmpty(nalus)
	typ, coded, err := h265FrameType(t, nalus)
	if err != nil {
		return nil, fmt.Errorf("codecs: H.265: %w", err)
	}
	if !coded {
		return nil, nil
	}
	if typ == av.Key && t != nil {
		nalus = withH265Sets(t.Config, nalus)
	}
	return &av.Frame{Type: typ, Parts: nalus, Payloads: h265Format.payloads(nalus)}, nil
}

// H265ProfileTierLevel returns what SDP calls profile-id, tier-flag and level-id
// (RFC 7798 section 7.1), or zeros when t has no SPS.
func H265ProfileTierLevel(t *av.Track) (profile, tier, level int) {
	if t.Codec != av.H265 || len(t.Config) < 2 {
		return 0, 0, 0
	}
	var s h265SPSFields
	if s.parse(t.Config[1]) != nil {
		return 0, 0, 0
	}
	return s.profileIDC, s.tier, s.levelIDC
}
