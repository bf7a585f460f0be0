package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A row is one line of what a WHIP or WHEP server must (M), should (S) or may (O)
// do: RFC 9725, draft-ietf-wish-whep-03 and the WHEP core extensions. Where it
// says any 4xx, any is taken, since clients must not tie an error to one cause.
type row struct {
	line  string // W1 to W35 of WHIP, also where WHEP says the same; E1 to E10 and X1 to X5 of WHEP
	level string
	text  string
	// test checks it, for the protocol of its exam.
	test func(*exam)
	// slow rows wait for something to expire; they run beside each other.
	slow bool
	// not says what of the line does not apply here, and why. A row without a test
	// does not apply at all.
	not string
}

// The lines that there are; each must have a row.
var (
	linesOfWHIP = linesUpTo("W", 35)
	linesOfWHEP = slices.Concat(linesUpTo("W", 35), linesUpTo("E", 10), linesUpTo("X", 5))
)

func linesUpTo(letter string, n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprint(letter, i+1))
	}
	return lines
}

// verdicts gathers how the rows went, to print them at the end.
type verdicts struct {
	mu   sync.Mutex
	said map[string]string
}

func (v *verdicts) note(protocol string, r *row, passed bool) {
	text := "passes"
	switch {
	case !passed:
		text = "FAILS"
	case r.test == nil:
		text = "does not apply"
	}
	if r.not != "" {
		text += " (" + r.not + ")"
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.said[protocol+" "+r.line] = fmt.Sprintf("[%s] %s: %s", r.level, r.text, text)
}

func TestConformance(t *testing.T) {
	v := &verdicts{said: map[string]string{}}
	t.Cleanup(func() { v.print(t) })
	g := start(t)
	g.publish(zeroLatency, "live/there")
	g.waitLive("live/there")
	for _, p := range []*protocol{whip, whep} {
		rows := slices.Concat(sharedRows, p.rows)
		checkComplete(t, p, rows)
		for _, r := range rows {
			if r.test == nil {
				v.note(p.name, &r, true)
				continue
			}
			t.Run(p.name+" "+r.line, func(t *testing.T) {
				t.Cleanup(func() { v.note(p.name, &r, !t.Failed()) })
				if r.slow {
					t.Parallel()
				}
				r.test(&exam{T: t, g: g, protocol: p})
			})
		}
	}
}

// checkComplete wants one row for each line.
func checkComplete(t *testing.T, p *protocol, rows []row) {
	t.Helper()
	seen := map[string]int{}
	for _, r := range rows {
		seen[r.line]++
		if r.test == nil && r.not == "" {
			t.Errorf("%s %s has neither a test nor a reason", p.name, r.line)
		}
	}
	for _, line := range p.lines {
		if seen[line] != 1 {
			t.Errorf("%s %s has %d rows", p.name, line, seen[line])
		}
		delete(seen, line)
	}
	if len(seen) > 0 {
		t.Errorf("%s has rows for no line: %v", p.name, seen)
	}
}

// print lists all rows in the lines' order.
func (v *verdicts) print(t *testing.T) {
	v.mu.Lock()
	defer v.mu.Unlock()
	passed, not := 0, 0
	for _, p := range []*protocol{whip, whep} {
		for _, line := range p.lines {
			said, run := v.said[p.name+" "+line]
			if !run {
				continue // one row was asked for
			}
			t.Logf("%s %s %s", p.name, line, said)
			switch {
			case strings.Contains(said, ": does not apply"):
				not++
			case strings.Contains(said, ": passes"):
				passed++
			}
		}
	}
	t.Logf("%d rows: %d pass, %d do not apply", len(v.said), passed, not)
}
