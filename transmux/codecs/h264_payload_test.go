package codecs

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/av"
)

// checkPayloads holds a frame's payloads against what they must be: within
// bounds, padded within bounds, and the units that RTP receivers get.
func checkPayloads(f *av.Frame) error {
	var want [][]byte
	total, pad := 0, 0
	for _, p := range f.Parts {
		if forRTP(p) {
			want = append(want, p)
			total += len(p)
		}
	}
	for i, p := range f.Payloads {
		if p.Size() > av.MaxPayload {
			return fmt.Errorf("payload %d has %d bytes", i, p.Size())
		}
		pad += int(p.Pad)
	}
	if pad > total*maxPadPercent/100 {
		return fmt.Errorf("%d bytes of padding on %d", pad, total)
	}
	got, err := depayH264(f.Payloads)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		return fmt.Errorf("units changed on the way: %s", cmp.Diff(want, got))
	}
	return nil
}

func TestH264PayloadsOfRealFrames(t *testing.T) {
	for _, tc := range []struct {
		name       string
		maxRuns    float64 // runs a frame
		maxPadding float64 // share of all bytes
	}{
		{"obs-default", 1.02, 0.001},
		{"small-bframes-44k", 1.01, 0.001},
		// Half of this picture stands still: the first of its two slices is often
		// a twentieth of the second, more than padding can make up for.
		{"zerolatency", 1.50, 0.03},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := readMedia(t, tc.name)
			track := m.track(t)
			var packets, fewest, runs, pad, size int
			for i, nalus := range m.video {
				f, err := H264Frame(track, nalus)
				if err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
				if err := checkPayloads(f); err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
				packets += len(f.Payloads)
				runs += countRuns(f.Payloads)
				frame := 0
				for _, p := range f.Payloads {
					pad += int(p.Pad)
					frame += p.Size() - int(p.Pad)
				}
				size += frame
				fewest += (frame + av.MaxPayload - 1) / av.MaxPayload
			}
			n := float64(len(m.video))
			runsPerFrame, padding := float64(runs)/n, float64(pad)/float64(size)
			t.Logf("%.0f frames: %.3f runs a frame, %.2f packets a frame (at least %.2f), %.2f %% padding",
				n, runsPerFrame, float64(packets)/n, float64(fewest)/n, 100*padding)
			if runsPerFrame > tc.maxRuns {
				t.Errorf("%.3f runs a frame, want at most %.3f", runsPerFrame, tc.maxRuns)
			}
			if padding > tc.maxPadding {
				t.Errorf("%.2f %% padding, want at most %.2f %%", 100*padding, 100*tc.maxPadding)
			}
		})
	}
}

// unit makes a NAL unit of n bytes: type and importance in its header, then
// bytes that read as a P slice's start.
func unit(header byte, n int) []byte {
	u := bytes.Repeat([]byte{0x9A}, n)
	u[0] = header
	return u
}

func TestH264PayloadsShape(t *testing.T) {
	const sps, pps, sei, idr, slice = 0x67, 0x68, 0x06, 0x65, 0x41
	userData := append([]byte{sei, 5, 16}, append(bytes.Repeat([]byte{7}, 16), 0x80)...)
	for _, tc := range []struct {
		name  string
		units [][]byte
		sizes []int
		pads  []uint8
	}{
		{"one small slice", [][]byte{unit(slice, 500)}, []int{500}, nil},
		{"one slice that just fits", [][]byte{unit(slice, 1180)}, []int{1180}, nil},
		{"one byte more", [][]byte{unit(slice, 1181)}, []int{592, 592}, nil},
		{"one big slice", [][]byte{unit(slice, 3002)}, []int{1003, 1003, 1003}, []uint8{0, 1, 1}},
		{"two slices in one packet", [][]byte{unit(slice, 300), unit(slice, 400)}, []int{705}, nil},
		{"even slices", [][]byte{unit(slice, 2001), unit(slice, 2001)}, []int{1002, 1002, 1002, 1002}, nil},
		{
			"uneven slices, padded",
			[][]byte{unit(slice, 1900), unit(slice, 2001)},
			[]int{1002, 1002, 1002, 1002},
			[]uint8{50, 51, 0, 0},
		},
		{
			"a short slice first, padded",
			[][]byte{unit(slice, 950), unit(slice, 9901)},
			[]int{1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102},
			[]uint8{152, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		},
		{
			"a short slice first, too costly to pad",
			[][]byte{unit(slice, 60), unit(slice, 9901)},
			[]int{60, 1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102},
			nil,
		},
		{
			"a keyframe with its parameter sets and user data",
			[][]byte{unit(sps, 28), unit(pps, 4), userData, unit(idr, 9901)},
			[]int{59, 1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102, 1102},
			nil,
		},
		{
			"a small keyframe in one packet",
			[][]byte{unit(sps, 28), unit(pps, 4), unit(idr, 1000)},
			[]int{1 + 6 + 1032},
			nil,
		},
		{
			"what browsers need not see",
			[][]byte{{0x09, 0xF0}, {sei, 1, 2, 3, 4, 0x80}, unit(slice, 100), unit(0x0C, 3000), {0x0A}, {0x0B}, {0x1C, 0x80, 1}, {0x18, 0, 0}, {0}},
			[]int{100},
			nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &av.Frame{Parts: tc.units, Payloads: h264Payloads(tc.units)}
			if err := checkPayloads(f); err != nil {
				t.Fatal(err)
			}
			var sizes []int
			pads := make([]uint8, len(f.Payloads))
			for i, p := range f.Payloads {
				sizes = append(sizes, p.Size())
				pads[i] = p.Pad
			}
			if tc.pads == nil {
				tc.pads = make([]uint8, len(f.Payloads))
			}
			if diff := cmp.Diff(tc.sizes, sizes); diff != "" {
				t.Errorf("sizes: %s", diff)
			}
			if diff := cmp.Diff(tc.pads, pads); diff != "" {
				t.Errorf("padding: %s", diff)
			}
		})
	}
}

func TestH264PayloadsKeepImportance(t *testing.T) {
	p := h264Payloads([][]byte{unit(0x67, 20), unit(0x28, 4), unit(0x65, 3000)})
	if got, want := p[0].Head[0], byte(0x60|24); got != want {
		t.Errorf("STAP-A header %#x, want %#x", got, want)
	}
	if got, want := p[1].Head[0], byte(0x60|28); got != want {
		t.Errorf("FU indicator %#x, want %#x", got, want)
	}
}

func TestH264PayloadsShareBytes(t *testing.T) {
	big, single := unit(0x41, 5000), unit(0x41, 1000)
	for _, p := range h264Payloads([][]byte{big, single}) {
		if p.Body == nil {
			t.Fatal("a payload without a body: the unit was copied")
		}
	}
	p := h264Payloads([][]byte{big})
	if &p[0].Body[0] != &big[1] {
		t.Error("the first fragment is a copy")
	}
	if cap(p[0].Head) != len(p[0].Head) || cap(p[0].Body) != len(p[0].Body) {
		t.Error("an append to one payload would write into the next")
	}
}

// A frame is made once per stream, but what it leaves behind is collected on the
// viewers' time.
func TestH264FrameAllocatesLittle(t *testing.T) {
	m := readMedia(t, "zerolatency")
	track := m.track(t)
	for i, most := range map[int]float64{0: 4, 1: 3} { // a keyframe, and another
		n := testing.AllocsPerRun(100, func() {
			if _, err := H264Frame(track, m.video[i]); err != nil {
				t.Fatal(err)
			}
		})
		if n > most {
			t.Errorf("frame %d: %.0f allocations, want at most %.0f", i, n, most)
		}
	}
}

// The plan counts what the writer then writes, for frames of all shapes.
func TestH264PlanAgreesWithPayloads(t *testing.T) {
	seed := uint32(1)
	next := func(n int) int { // a fixed sequence, so that a failure repeats
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for range 300 {
		var units [][]byte
		total := 0
		for range 1 + next(1+next(planLimit+10)) {
			u := unit(0x41, 1+next(1+next(6000)))
			units, total = append(units, u), total+len(u)
		}
		budget := total * maxPadPercent / 100
		plan := h264Format.planFor(units, h264Format.bestSize(units, budget), budget)
		payloads := h264Payloads(units)
		heads := 0
		for _, p := range payloads {
			heads += len(p.Head)
		}
		got := []int{len(payloads), countRuns(payloads), heads}
		if want := []int{plan.packets, plan.runs.n, plan.heads}; !slices.Equal(got, want) {
			t.Fatalf("packets, runs, bytes of heads: %v, planned %v", got, want)
		}
		if err := checkPayloads(&av.Frame{Parts: units, Payloads: payloads}); err != nil {
			t.Fatal(err)
		}
	}
}
