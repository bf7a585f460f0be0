package whep

import (
	"testing"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
)

func taking(codecs ...string) choice {
	s := &slot{}
	for _, name := range codecs {
		s.formats = append(s.formats, &description.Format{Name: name, ClockRate: 90000, Parameters: map[string]string{"packetization-mode": "1"}})
	}
	return choice{video: s}
}

// TestWhichPicture: what the publisher sends without B-frames, the largest of it, then
// what was made without them, then the lesser one.
func TestWhichPicture(t *testing.T) {
	track := func(id av.TrackID, codec av.Codec, height int, reordered bool, of av.TrackID, rendition string) *av.Track {
		return &av.Track{
			ID: id, Kind: av.Video, Codec: codec, Width: 2 * height, Height: height, Reordered: reordered,
			DerivedFrom: of, Rendition: rendition,
		}
	}
	whole := track(1, av.H264, 720, false, 0, "")
	obs := track(2, av.H264, 720, true, 0, "")
	cured := track(3, av.H264, 720, false, 2, "")
	small := track(4, av.H264, 180, false, 0, "l")
	hevc := track(5, av.H265, 1080, false, 0, "")
	turned := track(6, av.H264, 1080, false, 5, "")
	both := taking("H264", "H265")
	for name, c := range map[string]struct {
		viewer    choice
		tracks    []*av.Track
		rendition string
		want      *av.Track
	}{
		"as it is":                            {both, []*av.Track{whole}, "", whole},
		"nothing better yet":                  {both, []*av.Track{obs}, "", obs},
		"something better":                    {both, []*av.Track{obs, cured}, "", cured},
		"a rendition that needs nothing":      {both, []*av.Track{obs, small}, "", small},
		"and is not worse than what was made": {both, []*av.Track{obs, small, cured}, "", small},
		"the rendition that was asked for":    {both, []*av.Track{track(7, av.H264, 720, true, 0, "h"), small}, "h", track(7, av.H264, 720, true, 0, "h")},
		"H.265 for who takes it":              {both, []*av.Track{hevc, turned}, "", hevc},
		"H.265 for others":                    {taking("H264"), []*av.Track{hevc, turned}, "", turned},
		"H.265 for others, at first":          {taking("H264"), []*av.Track{hevc}, "", nil},
	} {
		got, _ := c.viewer.tracks(c.tracks, c.rendition)
		if (got == nil) != (c.want == nil) || got != nil && got.ID != c.want.ID {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWhatIsMadeOfALayerIsThatLayer to those who take it, and one of its own to others.
func TestWhatIsMadeOfALayerIsThatLayer(t *testing.T) {
	obs := &av.Track{ID: 1, Kind: av.Video, Codec: av.VP9, Width: 1280, Height: 720}
	made := &av.Track{ID: 2, Kind: av.Video, Codec: av.H264, Width: 1280, Height: 720, DerivedFrom: 1}
	n := &news{layers: []layer{{track: obs, bitrate: 5}, {track: made, of: obs, bitrate: 7}}}
	if n.several() {
		t.Error("there is a choice of one")
	}
	for _, c := range []struct {
		viewer  choice
		bitrate int
	}{{taking("H264", "VP9"), 5}, {taking("H264"), 7}} {
		if infos := layerInfos(n, c.viewer); len(infos) != 1 || infos[0].Bitrate != c.bitrate {
			t.Errorf("%+v", infos)
		}
	}
}

// TestStreamsThatAreMadeToFit: who cannot take the stream's codec is let in if
// something is made of it.
func TestStreamsThatAreMadeToFit(t *testing.T) {
	vp9 := []*av.Track{{ID: 1, Kind: av.Video, Codec: av.VP9}}
	o := &description.Offer{Media: []description.Media{{Kind: av.Video, Formats: []description.Format{
		{Name: "H264", ClockRate: 90000, Parameters: map[string]string{"packetization-mode": "1"}},
	}}}}
	if _, err := choose(o, vp9, nothingMade); err == nil {
		t.Error("let in though nothing is made")
	}
	c, err := choose(o, vp9, func(track *av.Track, offered []av.Codec) bool {
		return track.Codec == av.VP9 && len(offered) == 1 && offered[0] == av.H264
	})
	if err != nil || c.video.formats[0].Codec() != av.H264 {
		t.Errorf("%v, %+v", err, c.video)
	}
	made := []*av.Track{vp9[0], {ID: 2, Kind: av.Video, Codec: av.H264, DerivedFrom: 1}}
	if _, err := choose(o, made, nothingMade); err != nil {
		t.Errorf("it is there already: %v", err)
	}
	hevc := []*av.Track{{ID: 1, Kind: av.Video, Codec: av.H265}}
	if _, err := choose(o, hevc, nothingMade); err != nil {
		t.Errorf("H.265, which is nobody's fault: %v", err)
	}
}
