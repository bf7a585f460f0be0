package bench

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// The measures of a picture, in pixels.
const (
	panelWidth, panelHeight       = 460, 300
	marginLeft, marginRight       = 56, 16
	marginTop, marginBottom       = 34, 62
	plotWidth                     = panelWidth - marginLeft - marginRight
	plotHeight                    = panelHeight - marginTop - marginBottom
	columns                       = 2
	ticksWanted                   = 4
	legendStep, legendMark, dotAt = 13, 14, 3
)

// colours are told apart by those who do not see all of them, and on white and
// black alike (Okabe and Ito).
var colours = []string{"#0072b2", "#d55e00", "#009e73"}

// drawPanels is an SVG picture of them, two in a row.
func drawPanels(panels []panel) []byte {
	rows := (len(panels) + columns - 1) / columns
	width, height := min(len(panels), columns)*panelWidth, rows*panelHeight
	b := &bytes.Buffer{}
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" font-family="sans-serif" font-size="11">`+"\n", width, height)
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for i := range panels {
		fmt.Fprintf(b, `<g transform="translate(%d,%d)">`+"\n", i%columns*panelWidth, i/columns*panelHeight)
		panels[i].draw(b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (p *panel) draw(b *bytes.Buffer) {
	most := point{}
	for _, l := range p.lines {
		for _, at := range l.points {
			most.x, most.y = max(most.x, at.x), max(most.y, at.y)
		}
	}
	stepX, stepY := step(most.x), step(most.y)
	topX, topY := math.Ceil(most.x/stepX)*stepX, math.Ceil(most.y/stepY)*stepY
	place := func(at point) (x, y float64) {
		return marginLeft + at.x/topX*plotWidth, marginTop + (1-at.y/topY)*plotHeight
	}
	fmt.Fprintf(b, `<text x="%d" y="18" font-size="13" font-weight="bold">%s, %s</text>`+"\n", marginLeft, html.EscapeString(p.title), p.unit)
	for y := 0.0; y <= topY*1.001; y += stepY {
		_, at := place(point{0, y})
		fmt.Fprintf(b, `<path d="M%d %.1fh%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			marginLeft, at, plotWidth, marginLeft-6, at+4, figure(y))
	}
	for x := 0.0; x <= topX*1.001; x += stepX {
		at, _ := place(point{x, 0})
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at, panelHeight-marginBottom+15, figure(x))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">viewers</text>`+"\n", panelWidth-marginRight, panelHeight-marginBottom+29)
	for i, l := range p.lines {
		colour := colours[i%len(colours)]
		path := ""
		for n, at := range l.points {
			x, y := place(at)
			command := "L"
			if n == 0 {
				command = "M"
			}
			path += fmt.Sprintf("%s%.1f %.1f", command, x, y)
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="%d" fill="%s"><title>%s: %s</title></circle>`+"\n", x, y, dotAt, colour, figure(at.x), figure(at.y))
		}
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path, colour)
		y := panelHeight - marginBottom + 32 + i*legendStep
		fmt.Fprintf(b, `<path d="M%d %dh%d" stroke="%s" stroke-width="3"/><text x="%d" y="%d">%s</text>`+"\n",
			marginLeft, y-4, legendMark, colour, marginLeft+legendMark+5, y, html.EscapeString(l.name))
	}
}

// step is a round distance of ticks.
func step(most float64) float64 {
	if most <= 0 {
		return 1
	}
	rough := most / ticksWanted
	size := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, round := range []float64{1, 2, 5} {
		if rough <= round*size {
			return round * size
		}
	}
	return 10 * size
}

// figure is a number as people write it.
func figure(v float64) string {
	switch {
	case v >= 100 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}
