package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
)

// ChartOptions are those of `millrace bench chart`.
type ChartOptions struct {
	Results []string `arg:"" help:"Results that --json wrote: of fanout with several numbers of viewers, and of join." type:"existingfile" placeholder:"FILE"`
	Out     string   `help:"Where the picture goes, in SVG." default:"bench.svg" type:"path" placeholder:"FILE"`
}

// maxResult bounds a result's file.
const maxResult = 1 << 20

// Chart draws results against their numbers of viewers: what a packet costs beside
// the floor, what a viewer keeps, how late pictures are, how long a join takes.
func Chart(o ChartOptions) error {
	var results []*Result
	for _, file := range o.Results {
		r, err := readResult(file)
		if err != nil {
			return fmt.Errorf("bench: %s: %w", file, err)
		}
		results = append(results, r)
	}
	panels := panelsOf(results)
	if len(panels) == 0 {
		return fmt.Errorf("%w: there is nothing to draw in these results", ErrUsage)
	}
	if err := os.WriteFile(o.Out, drawPanels(panels), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

func readResult(file string) (*Result, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxResult {
		return nil, fmt.Errorf("it has %d bytes, and is no result", info.Size())
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, err
	}
	return r, nil
}

// panel is one chart of several lines over one scale.
type panel struct {
	title, unit string
	lines       []line
}

// line is one of them.
type line struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// panelsOf is what there is to draw.
func panelsOf(results []*Result) (panels []panel) {
	panels = append(
		panels,
		panel{"server CPU a packet", "µs", []line{
			over(results, "server", func(r *Result) float64 { return r.server().CPUPerPacket }),
			over(results, "floor", func(r *Result) float64 { return r.floor().Segmented }),
			over(results, "floor, with a call for each packet of sound", func(r *Result) float64 { return r.floor().WithAudio }),
		}},
		panel{"server memory a viewer", "KB", []line{
			over(results, "resident", func(r *Result) float64 { return r.server().BytesPerViewer / 1e3 }),
		}},
		panel{"added latency", "ms", percentiles(results, func(r *Result) *Distribution { return r.Added })},
		panel{"from the POST to a whole keyframe, while others come", "ms", percentiles(results, func(r *Result) *Distribution {
			if r.Join == nil {
				return nil
			}
			return &r.Join.Keyframe
		})},
	)
	for i := range panels {
		panels[i].lines = slices.DeleteFunc(panels[i].lines, func(l line) bool { return len(l.points) == 0 })
	}
	return slices.DeleteFunc(panels, func(p panel) bool { return len(p.lines) == 0 })
}

func (r *Result) server() Server {
	if r.Server == nil {
		return Server{}
	}
	return *r.Server
}

func (r *Result) floor() Floor {
	if r.Floor == nil {
		return Floor{}
	}
	return *r.Floor
}

func percentiles(results []*Result, of func(*Result) *Distribution) []line {
	get := func(pick func(*Distribution) float64) func(*Result) float64 {
		return func(r *Result) float64 {
			if d := of(r); d != nil && d.Count > 0 {
				return pick(d)
			}
			return 0
		}
	}
	return []line{
		over(results, "median", get(func(d *Distribution) float64 { return d.Median })),
		over(results, "90 %", get(func(d *Distribution) float64 { return d.P90 })),
		over(results, "99 %", get(func(d *Distribution) float64 { return d.P99 })),
	}
}

// over is a line of a figure over the viewers; a result without it has no point.
func over(results []*Result, name string, figure func(*Result) float64) line {
	l := line{name: name}
	for _, r := range results {
		if y := figure(r); y > 0 && !math.IsInf(y, 0) && !math.IsNaN(y) {
			l.points = append(l.points, point{float64(r.Viewers), y})
		}
	}
	slices.SortFunc(l.points, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	return l
}
