package codecs

import (
	"bytes"
	"fmt"

	"millrace/transmux/av"
)

// AACTrack describes the track that an AudioSpecificConfig (ISO 14496-3 section
// 1.6.2.1) announces. SampleRate and Channels are what is heard: after spectral
// band replication and with parametric stereo, where the configuration names
// them. (An encoder may use band replication without naming it; then the core's
// rate is all there is to know.) Config is a copy of asc.
//
// Profile is "AAC-LC", "HE-AAC", "HE-AAC v2", or the name of what else there
// is ("AAC Main", "AAC-LD", "xHE-AAC"): being described does not mean being
// playable. It fails on what cannot be parsed.
func AACTrack(asc []byte) (av.Track, error) {
	c, err := parseAACConfig(asc)
	if err != nil {
		return av.Track{}, fmt.Errorf("codecs: AAC configuration: %w", err)
	}
	t := av.Track{
		Kind:       av.Audio,
		Codec:      av.AAC,
		Config:     [][]byte{bytes.Clone(asc)},
		SampleRate: c.coreRate,
		Channels:   c.channels,
		Profile:    aacProfile(c),
	}
	if c.sbr {
		t.SampleRate = c.sbrRate
	}
	if c.ps && c.channels == 1 {
		t.Channels = 2
	}
	return t, nil
}

// AACFrame makes a frame of one access unit without ADTS header. It keeps au.
func AACFrame(au []byte) *av.Frame {
	return &av.Frame{Parts: [][]byte{au}}
}

// AACFrameSamples is how many samples, at t's SampleRate, an access unit of t
// decodes to: 1024, or 960 where the configuration asks for short frames; twice
// as many with spectral band replication, and 512 or 480 in the low-delay
// profiles. It is 0 for what is no AAC track.
func AACFrameSamples(t *av.Track) int {
	if t.Codec != av.AAC || len(t.Config) == 0 {
		return 0
	}
	c, err := parseAACConfig(t.Config[0])
	if err != nil {
		return 0
	}
	n := 1024
	if c.shortFrames {
		n = 960
	}
	if c.object == aotLD || c.object == aotELD {
		n /= 2
	}
	if c.sbr && c.sbrRate == 2*c.coreRate {
		n *= 2
	}
	return n
}

// Audio object types (ISO 14496-3 table 1.17).
const (
	aotMain          = 1
	aotLC            = 2
	aotSSR           = 3
	aotLTP           = 4
	aotSBR           = 5
	aotScalable      = 6
	aotTwinVQ        = 7
	aotERLC          = 17
	aotERLTP         = 19
	aotERScalable    = 20
	aotERTwinVQ      = 21
	aotERBSAC        = 22
	aotLD            = 23
	aotPS            = 29
	aotEscape        = 31
	aotELD           = 39
	aotUSAC          = 42
	aotEscapedOffset = 32
)

// aacProfile names the profile in the words that encoders' settings use.
func aacProfile(c aacConfig) string {
	if c.object == aotLC {
		switch {
		case c.ps:
			return "HE-AAC v2"
		case c.sbr:
			return "HE-AAC"
		}
		return "AAC-LC"
	}
	names := map[int]string{
		aotMain: "AAC Main", aotSSR: "AAC SSR", aotLTP: "AAC LTP",
		aotScalable: "AAC Scalable", aotTwinVQ: "TwinVQ",
		aotERLC: "ER AAC-LC", aotERLTP: "ER AAC LTP", aotERScalable: "ER AAC Scalable",
		aotERTwinVQ: "ER TwinVQ", aotERBSAC: "ER BSAC",
		aotLD: "AAC-LD", aotELD: "AAC-ELD", aotUSAC: "xHE-AAC",
	}
	if n, ok := names[c.object]; ok {
		return n
	}
	return fmt.Sprintf("MPEG-4 audio object type %d", c.object)
}
