package bench

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written writes a result and names its file.
func written(t *testing.T, name string, r any) string {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestChart(t *testing.T) {
	at := func(viewers int, cpu float64) *Result {
		return &Result{
			Viewers: viewers, Server: &Server{CPUPerPacket: cpu, BytesPerViewer: 70e3}, Floor: &Floor{Segmented: .64},
			Added: &Distribution{Count: 9, Median: 1, P90: 2, P99: 3}, Join: &Join{Keyframe: Distribution{Count: 9, Median: 2, P90: 3, P99: 5}},
		}
	}
	out := filepath.Join(t.TempDir(), "out.svg")
	if err := Chart(ChartOptions{Results: []string{written(t, "b", at(500, 1.7)), written(t, "a", at(200, 2.3))}, Out: out}); err != nil {
		t.Fatal(err)
	}
	picture := read(t, out)
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(string(picture), "<g "); n != 4 {
		t.Errorf("%d panels", n)
	}
	if n := strings.Count(string(picture), "<circle"); n != 2*(2+1+3+3) {
		t.Errorf("%d points", n)
	}
	if strings.Contains(string(picture), "NaN") || strings.Contains(string(picture), "Inf") {
		t.Error("a point is nowhere")
	}
	if err := Chart(ChartOptions{Results: []string{written(t, "empty", &Result{})}, Out: out}); !errors.Is(err, ErrUsage) {
		t.Errorf("nothing to draw: %v", err)
	}
	if err := Chart(ChartOptions{Results: []string{written(t, "wrong", []int{1})}, Out: out}); err == nil {
		t.Error("it draws what is no result")
	}
}

func TestSteps(t *testing.T) {
	for most, want := range map[float64]float64{0: 1, .9: .5, 4: 1, 5: 2, 13: 5, 500: 200, 1000: 500} {
		if got := step(most); got != want {
			t.Errorf("up to %v in steps of %v, not %v", most, got, want)
		}
	}
}
