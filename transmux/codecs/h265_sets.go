package codecs

import (
	"bytes"
	"slices"

	"millrace/transmux/av"
)

// h265PPSID is a PPS's own id.
func h265PPSID(nalu []byte) (uint8, error) {
	p, err := parseH265PPS(nalu)
	return p.id, err
}

// H265InBand finds the base layer's parameter sets among nalus: the first VPS and
// SPS and all PPSs, nil where there are none. The results share the units' bytes.
func H265InBand(nalus [][]byte) (vps, sps []byte, pps [][]byte) {
	for _, n := range nalus {
		if !h265Base(n) {
			continue
		}
		switch h265Type(n) {
		case h265VPS:
			if vps == nil {
				vps = n
			}
		case h265SPS:
			if sps == nil {
				sps = n
			}
		case h265PPS:
			pps = append(pps, n)
		}
	}
	return vps, sps, pps
}

// H265Update looks for parameter sets among nalus that change the track, and
// returns the track they make of it; changed is false when they say nothing new.
// A nil t is a track not yet known: it takes a VPS, an SPS and a PPS to make one.
// A PPS alone replaces the one with its id, or adds to the track's; an SPS that
// differs starts anew. The ID and what else t says of its place are kept.
func H265Update(t *av.Track, nalus [][]byte) (updated av.Track, changed bool, err error) {
	vps, sps, pps := H265InBand(nalus)
	switch {
	case vps == nil && sps == nil && pps == nil:
		return av.Track{}, false, nil
	case t == nil || len(t.Config) < 3:
		if vps == nil || sps == nil || pps == nil {
			return av.Track{}, false, nil
		}
		updated, err = H265Track(vps, sps, pps...)
		return updated, err == nil, err
	}
	if vps == nil {
		vps = t.Config[0]
	}
	if sps == nil || bytes.Equal(sps, t.Config[1]) {
		sps = t.Config[1]
		if pps, err = mergeSets(t.Config[2:], pps, h265PPSID); err != nil {
			return av.Track{}, false, err
		}
	}
	if pps == nil {
		pps = t.Config[2:]
	}
	if bytes.Equal(vps, t.Config[0]) && bytes.Equal(sps, t.Config[1]) && slices.EqualFunc(pps, t.Config[2:], bytes.Equal) {
		return av.Track{}, false, nil
	}
	updated, err = H265Track(vps, sps, pps...)
	// PPSs for another SPS were left out: what remains may be what was.
	if err != nil || slices.EqualFunc(updated.Config, t.Config, bytes.Equal) {
		return av.Track{}, false, err
	}
	updated.ID, updated.Rendition, updated.DerivedFrom = t.ID, t.Rendition, t.DerivedFrom
	return updated, true, nil
}

// withH265Sets returns a keyframe's units with those of config (VPS, SPS, then
// PPSs) that it lacks: behind the delimiter, which must stay first, come all of
// config, then what else the keyframe has. It returns nalus itself when nothing is
// missing, and when the keyframe brings another VPS or SPS, to which config does
// not belong.
func withH265Sets(config, nalus [][]byte) [][]byte {
	if len(config) < 3 {
		return nalus
	}
	known := func(n []byte) bool {
		return slices.ContainsFunc(config, func(c []byte) bool { return bytes.Equal(c, n) })
	}
	missing := config
	for _, n := range nalus {
		if !h265Base(n) {
			continue
		}
		switch t := h265Type(n); {
		case t != h265VPS && t != h265SPS && t != h265PPS:
		case len(missing) > 0 && bytes.Equal(n, missing[0]):
			missing = missing[1:]
		case t != h265PPS && !known(n):
			return nalus
		}
	}
	if len(missing) == 0 {
		return nalus
	}
	out := make([][]byte, 0, len(nalus)+len(config))
	if h265Type(nalus[0]) == h265AUD {
		out, nalus = append(out, nalus[0]), nalus[1:]
	}
	out = append(out, config...)
	for _, n := range nalus {
		if t := h265Type(n); t < h265VPS || t > h265PPS || !known(n) {
			out = append(out, n)
		}
	}
	return out
}
