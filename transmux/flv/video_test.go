package flv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// config returns a real file's SPS and PPS.
func config(tb testing.TB, name string) (sps, pps []byte) {
	tb.Helper()
	r, err := parseAVCRecord(bodies(tb, name, true, 1)[0][5:])
	if err != nil {
		tb.Fatal(err)
	}
	return r.sps, r.pps[0]
}

// record makes an AVCDecoderConfigurationRecord.
func record(lengthSize int, spss, ppss [][]byte) []byte {
	b := []byte{1, 100, 0, 31, 0xFC | byte(lengthSize-1), 0xE0 | byte(len(spss))}
	put := func(units [][]byte) {
		for _, u := range units {
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(u))), u...)
		}
	}
	put(spss)
	b = append(b, byte(len(ppss)))
	put(ppss)
	return b
}

// frame makes a video message's body of NAL units.
func frame(lengthSize int, composition int32, nalus ...[]byte) []byte {
	b := []byte{0x27, 1, byte(composition >> 16), byte(composition >> 8), byte(composition)}
	for _, n := range nalus {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(n)))
		b = append(append(b, length[4-lengthSize:]...), n...)
	}
	return b
}

func header(record []byte) []byte { return append([]byte{0x17, 0, 0, 0, 0}, record...) }

var (
	idrSlice = []byte{0x65, 0x88, 0x84, 0x00}
	pSlice   = []byte{0x41, 0x9A, 0x24, 0x6C}
)

func TestVideoLengthSizes(t *testing.T) {
	sps, pps := config(t, "obs-default")
	for _, size := range []int{1, 2, 4} {
		var d Demuxer
		if _, err := d.Video(0, header(record(size, [][]byte{sps}, [][]byte{pps}))); err != nil {
			t.Fatal(err)
		}
		e, err := d.Video(0, frame(size, 0, pSlice, nil, pSlice))
		if err != nil {
			t.Fatalf("lengths of %d bytes: %v", size, err)
		}
		if diff := cmp.Diff([][]byte{pSlice, pSlice}, e.Frame.Parts); diff != "" {
			t.Errorf("lengths of %d bytes: %s", size, diff)
		}
	}
	var d Demuxer
	if _, err := d.Video(0, header(record(3, [][]byte{sps}, [][]byte{pps}))); err == nil {
		t.Error("lengths of 3 bytes were accepted")
	}
}

func TestVideoRecords(t *testing.T) {
	sps, pps := config(t, "obs-default")
	otherSPS, _ := config(t, "zerolatency")
	second := []byte{0x68, 0x5B, 0x80} // pps_id 1
	for name, tc := range map[string]struct {
		record []byte
		want   [][]byte
	}{
		"one of each":  {record(4, [][]byte{sps}, [][]byte{pps}), [][]byte{sps, pps}},
		"several PPS":  {record(4, [][]byte{sps}, [][]byte{pps, second}), [][]byte{sps, pps, second}},
		"several SPS":  {record(4, [][]byte{sps, otherSPS}, [][]byte{pps}), [][]byte{sps, pps}},
		"something on": {append(record(4, [][]byte{sps}, [][]byte{pps}), 0xFD, 0xF8, 0xF8, 0), [][]byte{sps, pps}},
		"in band":      {record(4, nil, nil), nil},
		"nothing":      {nil, nil},
	} {
		var d Demuxer
		e, err := d.Video(0, header(tc.record))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got [][]byte
		if e.Track != nil {
			got = e.Track.Config
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A record cut at any byte is an error, and so is one with a length that lies.
func TestVideoRecordsCutShort(t *testing.T) {
	sps, pps := config(t, "obs-default")
	whole := record(4, [][]byte{sps}, [][]byte{pps})
	for n := 1; n < len(whole); n++ {
		var d Demuxer
		if e, err := d.Video(0, header(whole[:n])); err == nil {
			t.Errorf("%d of %d bytes: %+v", n, len(whole), e)
		}
	}
	for name, at := range map[string]int{"SPS": 6, "PPS": 6 + 2 + len(sps) + 1} {
		var d Demuxer
		lie := bytes.Clone(whole)
		lie[at] = 0xFF
		if _, err := d.Video(0, header(lie)); err == nil {
			t.Errorf("a length that lies (%s) was believed", name)
		}
	}
	for name, r := range map[string][]byte{
		"version 0":   append([]byte{0}, whole[1:]...),
		"no PPS":      record(4, [][]byte{sps}, nil),
		"empty SPS":   record(4, [][]byte{{}}, [][]byte{pps}),
		"SPS and SPS": record(4, [][]byte{sps}, [][]byte{sps}),
	} {
		var d Demuxer
		if _, err := d.Video(0, header(r)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestVideoTimes(t *testing.T) {
	var d Demuxer
	if _, err := d.Video(0, bodies(t, "obs-default", true, 1)[0]); err != nil {
		t.Fatal(err)
	}
	const dts = 100 * time.Millisecond
	for composition, want := range map[int32]time.Duration{
		0:         dts,
		67:        dts + 67*time.Millisecond,
		-40:       dts - 40*time.Millisecond,
		-200:      -100 * time.Millisecond,
		10_000:    dts + 10*time.Second,
		10_001:    dts + 10*time.Second,
		0x7FFFFF:  dts + 10*time.Second,
		-0x800000: dts - 10*time.Second,
	} {
		e, err := d.Video(dts, frame(4, composition, pSlice))
		if err != nil || e.Frame.DTS != dts || e.Frame.PTS != want {
			t.Errorf("composition time %d: %+v, %v; want PTS %v", composition, e.Frame, err, want)
		}
	}
}

func TestVideoInBandConfiguration(t *testing.T) {
	sps, pps := config(t, "obs-default")
	otherSPS, otherPPS := config(t, "small-bframes-44k")
	var d Demuxer
	for i, tc := range []struct {
		nalus [][]byte
		width int // announced, 0 for none
		parts [][]byte
	}{
		{[][]byte{pSlice}, 0, nil}, // before any configuration
		{[][]byte{idrSlice}, 0, nil},
		{[][]byte{sps, pps, idrSlice}, 1280, [][]byte{sps, pps, idrSlice}},
		{[][]byte{sps, pps, idrSlice}, 0, [][]byte{sps, pps, idrSlice}},
		{[][]byte{idrSlice}, 0, [][]byte{sps, pps, idrSlice}},
		{[][]byte{otherSPS, otherPPS}, 320, nil}, // ahead of its keyframe
		{[][]byte{idrSlice}, 0, [][]byte{otherSPS, otherPPS, idrSlice}},
		{[][]byte{sps, pps, idrSlice}, 1280, [][]byte{sps, pps, idrSlice}},
		{[][]byte{{0x09, 0xF0}, {0x0C, 0xFF, 0x80}}, 0, nil},
	} {
		e, err := d.Video(0, frame(4, 0, tc.nalus...))
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if (e.Track != nil) != (tc.width != 0) || e.Track != nil && e.Track.Width != tc.width {
			t.Errorf("step %d: track %+v, want a width of %d", i, e.Track, tc.width)
		}
		var parts [][]byte
		if e.Frame != nil {
			parts = e.Frame.Parts
		}
		if diff := cmp.Diff(tc.parts, parts); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
}

// A frame that is refused leaves the configuration in force as it was.
func TestVideoRefusedFrameChangesNothing(t *testing.T) {
	sps, pps := config(t, "obs-default")
	var d Demuxer
	if _, err := d.Video(0, bodies(t, "small-bframes-44k", true, 1)[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Video(0, frame(4, 0, sps, pps, []byte{0x41})); err == nil {
		t.Fatal("a slice without a header was accepted")
	}
	if d.video[0].track.Width != 320 {
		t.Errorf("the track in force is %d wide", d.video[0].track.Width)
	}
}

func TestVideoMalformed(t *testing.T) {
	sps, pps := config(t, "obs-default")
	for name, body := range map[string][]byte{
		"codec 0":                  {0x10},
		"codec 15":                 {0x1F, 1, 0, 0, 0},
		"no packet type":           {0x17},
		"no composition time":      {0x17, 1, 0, 0},
		"packet type 3":            {0x17, 3, 0, 0, 0},
		"half a length":            {0x27, 1, 0, 0, 0, 0, 0, 1},
		"a length that lies":       {0x27, 1, 0, 0, 0, 0, 0, 0, 5, 0x41, 0x9A},
		"a length of 4 GB":         {0x27, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x41, 0x9A},
		"bytes left over":          append(frame(4, 0, pSlice), 0, 0),
		"a slice without a header": frame(4, 0, []byte{0x41}),
		"half an SPS":              frame(4, 0, sps[:5], pps, idrSlice),
		"too many units":           frame(4, 0, slices.Repeat([][]byte{pSlice}, maxUnits+1)...),
	} {
		var d Demuxer
		if _, err := d.Video(0, bodies(t, "zerolatency", true, 1)[0]); err != nil {
			t.Fatal(err)
		}
		e, err := d.Video(0, body)
		if err == nil || errors.Is(err, ErrUnsupported) || !strings.HasPrefix(err.Error(), "flv: ") || e != (Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestVideoSaysNothing(t *testing.T) {
	for name, body := range map[string][]byte{
		"an empty body":            nil,
		"the end":                  {0x17, 2, 0, 0, 0},
		"the end, cut short":       {0x17, 2},
		"an empty sequence header": {0x17, 0, 0, 0, 0},
		"no units":                 {0x27, 1, 0, 0, 0},
		"empty units":              frame(4, 0, nil, nil),
		"a seek command":           {0x57, 0},
		"an Enhanced command":      {0xD1, 0},
		"Enhanced metadata":        {0x94, 'h', 'v', 'c', '1', 2, 0},
		"the Enhanced end":         {0x92, 'a', 'v', 'c', '1'},
	} {
		var d Demuxer
		if e, err := d.Video(0, body); err != nil || e != (Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestVideoUnsupported(t *testing.T) {
	for name, tc := range map[string]struct {
		body  []byte
		words []string
	}{
		"H.263":           {[]byte{0x22, 0}, []string{"Sorenson H.263", "set the encoder to H.264"}},
		"VP6":             {[]byte{0x14, 0}, []string{"VP6", "set the encoder to H.264"}},
		"legacy AV1":      {[]byte{0x1D, 0, 0, 0, 0}, []string{"AV1", "set the encoder to H.264"}},
		"Enhanced VVC":    {[]byte{0x90, 'v', 'v', 'c', '1', 1}, []string{"VVC", `"vvc1"`, "set the encoder to H.264"}},
		"unknown FourCC":  {[]byte{0x90, '\n', 0, 0xFF, '"'}, []string{`"\n\x00\xff\""`}},
		"a sound":         {[]byte{0x90, 'O', 'p', 'u', 's'}, []string{`"Opus"`}},
		"packet type 5":   {[]byte{0x95, 'a', 'v', 'c', '1', 0, 0}, []string{"packets of type 5 for avc1"}},
		"packet type 9":   {[]byte{0x99, 'a', 'v', 'c', '1', 0, 0}, []string{"packets of type 9"}},
		"multitrack of 7": {[]byte{0x96, 0x71, 'a', 'v', 'c', '1', 0}, []string{"multitrack of type 7"}},
	} {
		var d Demuxer
		e, err := d.Video(0, tc.body)
		if !errors.Is(err, ErrUnsupported) || e != (Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
			continue
		}
		for _, w := range tc.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", name, err, w)
			}
		}
	}
}

func TestVideoEnhancedAVC(t *testing.T) {
	sps, pps := config(t, "obs-default")
	fourCC := []byte("avc1")
	units := frame(4, 0, idrSlice)[5:]
	var d Demuxer
	for i, tc := range []struct {
		body  []byte
		track bool
		pts   time.Duration // 0 for no frame
	}{
		{slices.Concat([]byte{0x90}, fourCC, record(4, [][]byte{sps}, [][]byte{pps})), true, 0},
		{slices.Concat([]byte{0x91}, fourCC, []byte{0, 0, 33}, units), false, 1033 * time.Millisecond},
		{slices.Concat([]byte{0xA3}, fourCC, units), false, time.Second},
	} {
		e, err := d.Video(time.Second, tc.body)
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if (e.Track != nil) != tc.track || (e.Frame != nil) != (tc.pts != 0) {
			t.Fatalf("step %d: %+v", i, e)
		}
		if e.Frame != nil && (e.Frame.PTS != tc.pts || e.Frame.Type != av.Key || len(e.Frame.Parts) != 3) {
			t.Errorf("step %d: %+v", i, e.Frame)
		}
	}
	for name, body := range map[string][]byte{
		"no FourCC":           {0x90, 'a', 'v', 'c'},
		"no composition time": {0x91, 'a', 'v', 'c', '1', 0, 0},
	} {
		if _, err := d.Video(0, body); err == nil || errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
