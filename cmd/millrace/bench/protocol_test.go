package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTallies(t *testing.T) {
	var sum tally
	for i := range uint64(3) {
		sum.add(tally{
			Connected: []float64{1}, Failed: map[string]int{"late": 1},
			Counts: counts{Viewers: 2, Ended: map[string]int{"goodbye": 1}, Video: 10 * i, Trouble: trouble{Lost: i}},
		})
	}
	want := tally{
		Connected: []float64{1, 1, 1}, Failed: map[string]int{"late": 3},
		Counts: counts{Viewers: 6, Ended: map[string]int{"goodbye": 3}, Video: 30, Trouble: trouble{Lost: 3}},
	}
	if diff := cmp.Diff(want, sum, cmp.AllowUnexported(counts{})); diff != "" {
		t.Error(diff)
	}
	since := sum.Counts.since(counts{Viewers: 9, Video: 12, Trouble: trouble{Lost: 1}})
	if since.Viewers != 6 || since.Video != 18 || since.Trouble.Lost != 2 {
		t.Errorf("%+v", since)
	}
}

func TestShares(t *testing.T) {
	for _, tt := range []struct{ count, parts int }{{10, 3}, {1, 4}, {0, 2}, {1000, 7}} {
		sum := 0
		for i := range tt.parts {
			mine := share(tt.count, tt.parts, i)
			if mine < tt.count/tt.parts || mine > tt.count/tt.parts+1 {
				t.Errorf("%d of %d in %d parts", mine, tt.count, tt.parts)
			}
			sum += mine
		}
		if sum != tt.count {
			t.Errorf("%d in %d parts make %d", tt.count, tt.parts, sum)
		}
	}
}

func TestDealer(t *testing.T) {
	d, sum := dealer{rate: 2.4}, 0
	for range 10 {
		n := d.next()
		if n != 2 && n != 3 {
			t.Errorf("dealt %d", n)
		}
		sum += n
	}
	if sum != 23 && sum != 24 {
		t.Errorf("ten times 2.4 is %d", sum)
	}
}

// TestViewersFollowOrders talks to a process of viewers, in this one.
func TestViewersFollowOrders(t *testing.T) {
	in := strings.NewReader(`{"do":"join","count":1}
		{"do":"dance"}
		{"do":"open","whep":"http://127.0.0.1:1/whep/x"}
		{"do":"open"}
		{"do":"join","count":2}
		{"do":"begin"}
		{"do":"count"}
		{"do":"rest"}
		{"do":"dance"}
		{"do":"leave"}`)
	var out bytes.Buffer
	if err := Viewers(t.Context(), in, &out); err != nil {
		t.Fatal(err)
	}
	wrong := []bool{true, true, false, true, false, false, false, false, true, false}
	answers := json.NewDecoder(&out)
	for i, want := range wrong {
		var a tally
		if err := answers.Decode(&a); err != nil {
			t.Fatal(err)
		}
		if (a.Error != "") != want {
			t.Errorf("order %d: %q", i, a.Error)
		}
		if failed := len(a.Failed) > 0; failed != (i == 4) {
			t.Errorf("order %d: joins failed: %v", i, a.Failed)
		}
	}
	if err := Viewers(t.Context(), strings.NewReader("}"), &out); err == nil {
		t.Error("no word of an order that is none")
	}
}

// TestViewersGiveUp when they are told to.
func TestViewersGiveUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	in := strings.NewReader(`{"do":"open","whep":"http://127.0.0.1:1/whep/x"} {"do":"join","count":500,"rate":1}`)
	if err := Viewers(ctx, in, &out); err != nil {
		t.Error(err)
	}
}
