package codecs

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

func TestH264TrackKeepsMatchingPPS(t *testing.T) {
	m := readMedia(t, "zerolatency")
	// pps_id 1 and 2 for SPS 0, then pps_id 0 for SPS 1.
	one, two, other := []byte{0x68, 0x5B, 0x80}, []byte{0x68, 0x7B, 0x80}, []byte{0x68, 0xA8, 0x80}
	track, err := H264Track(m.sps, m.pps, other, one, two)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{m.sps, m.pps, one, two}, track.Config); diff != "" {
		t.Error(diff)
	}
	if _, err := H264Track(m.sps, other); err == nil {
		t.Error("a PPS of another SPS made a track")
	}
}

func TestH264KeyframeGetsParameterSets(t *testing.T) {
	sps, pps, second := unit(0x67, 10), []byte{0x68, 0xC8}, []byte{0x68, 0x5B}
	track := &av.Track{Config: [][]byte{sps, pps, second}}
	aud, sei := []byte{0x09, 0x10}, []byte{0x06, 1, 0, 0x80}
	idr, p := []byte{0x65, 0x88}, []byte{0x41, 0x9A}
	newer := []byte{0x68, 0xC9} // the id of pps, another content
	other := unit(0x67, 11)
	for name, tc := range map[string]struct{ in, want [][]byte }{
		"none there":         {[][]byte{idr, idr}, [][]byte{sps, pps, second, idr, idr}},
		"behind a delimiter": {[][]byte{aud, sei, idr}, [][]byte{aud, sps, pps, second, sei, idr}},
		"all there":          {[][]byte{aud, sps, pps, second, idr}, [][]byte{aud, sps, pps, second, idr}},
		"one PPS missing":    {[][]byte{aud, sps, pps, idr}, [][]byte{aud, sps, second, pps, idr}},
		"a newer PPS":        {[][]byte{sps, newer, idr}, [][]byte{sps, second, newer, idr}},
		"no SPS":             {[][]byte{pps, second, idr}, [][]byte{sps, pps, second, idr}},
		"another SPS":        {[][]byte{other, idr}, [][]byte{other, idr}},
		"no keyframe":        {[][]byte{p}, [][]byte{p}},
		"empty units":        {[][]byte{{}, p, {}}, [][]byte{p}},
	} {
		in := slices.Clone(tc.in)
		f, err := H264Frame(track, in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, f.Parts); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(tc.in, in); diff != "" {
			t.Errorf("%s: the caller's units changed: %s", name, diff)
		}
	}
}

func TestH264Update(t *testing.T) {
	m, n := readMedia(t, "obs-default"), readMedia(t, "zerolatency")
	first, idr := m.track(t), []byte{0x65, 0x88}
	first.ID = 7
	added, replaced := []byte{0x68, 0x5B, 0x80}, append(bytes.Clone(m.pps), 0x80)
	for name, tc := range map[string]struct {
		track *av.Track
		nalus [][]byte
		want  [][]byte // nil for no change
	}{
		"nothing in band":   {first, [][]byte{idr}, nil},
		"the same in band":  {first, [][]byte{{}, m.sps, m.pps, idr}, nil},
		"the same PPS":      {first, [][]byte{m.pps, idr}, nil},
		"PPS for no SPS":    {first, [][]byte{{0x68, 0x4A, 0x80}, idr}, nil},
		"a PPS more":        {first, [][]byte{added, idr}, [][]byte{m.sps, m.pps, added}},
		"a PPS replaced":    {first, [][]byte{m.sps, replaced, idr}, [][]byte{m.sps, replaced}},
		"two PPSs":          {first, [][]byte{added, replaced, added, idr}, [][]byte{m.sps, replaced, added}},
		"another SPS":       {first, [][]byte{n.sps, n.pps, idr}, [][]byte{n.sps, n.pps}},
		"another SPS alone": {first, [][]byte{n.sps, idr}, [][]byte{n.sps, m.pps}},
		"no track yet":      {nil, [][]byte{n.sps, n.pps, idr}, [][]byte{n.sps, n.pps}},
		"not enough":        {nil, [][]byte{n.sps, idr}, nil},
	} {
		got, changed, err := H264Update(tc.track, tc.nalus)
		if err != nil || changed != (tc.want != nil) {
			t.Errorf("%s: changed %v, %v", name, changed, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got.Config); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if changed && tc.track != nil && got.ID != 7 {
			t.Errorf("%s: the track lost its ID", name)
		}
	}
	for name, nalus := range map[string][][]byte{
		"SPS cut short": {{0x67, 0x64, 0}},
		"PPS cut short": {{0x68}},
	} {
		if _, changed, err := H264Update(first, nalus); err == nil || changed {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
	}
}

// A publisher that invents PPS after PPS meets a bound.
func TestH264UpdateIsBounded(t *testing.T) {
	m := readMedia(t, "obs-default")
	track := *m.track(t)
	for id := 1; ; id++ {
		if id > 2*maxPPS {
			t.Fatal("no end of PPSs")
		}
		// ue(id) in 17 bits at most, ue(0), stop bit.
		code, length := uint32(id+1), 0
		for c := code; c > 1; c >>= 1 {
			length++
		}
		value := code<<2 | 3
		value <<= 32 - (2*length + 1 + 2)
		pps := []byte{0x68, byte(value >> 24), byte(value >> 16), byte(value >> 8)}
		next, changed, err := H264Update(&track, [][]byte{pps})
		if err != nil {
			if len(track.Config) != 1+maxPPS {
				t.Errorf("failed at %d units: %v", len(track.Config), err)
			}
			return
		}
		if !changed {
			t.Fatalf("PPS %d changed nothing", id)
		}
		track = next
	}
}
