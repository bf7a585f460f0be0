// Package doctor looks at the machine with the gateway's configuration, and says what
// is in the gateway's way and what to do about it: ports, the kernel, addresses and
// names, ffmpeg and certificates, the other nodes.
//
// cmd/millrace calls it for `millrace doctor`, and CheckFiles whenever a configuration
// comes in force. It speaks in checks, as api/diagnosis does. It looks from outside: it
// must not know the gateway's rooms at work.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
)

// timeout bounds the whole: no single look takes longer than lookTimeout.
const (
	timeout     = 30 * time.Second
	lookTimeout = 3 * time.Second
)

// The areas of the doctor's checks.
const (
	areaPorts   diagnosis.Area = "ports"
	areaSystem  diagnosis.Area = "system"
	areaNetwork diagnosis.Area = "network"
	areaTools   diagnosis.Area = "tools"
	areaCluster diagnosis.Area = "cluster"
)

// Examine looks at everything, for half a minute at most, and changes nothing.
func Examine(ctx context.Context, cfg *config.Config) []diagnosis.Check {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	running := findRunning(ctx, cfg)
	checks := running.checks()
	for _, l := range doors(cfg) {
		checks = append(checks, checkDoor(ctx, l, running.there()))
	}
	checks = append(checks, checkSystem(cfg)...)
	checks = append(checks, checkNetwork(ctx, cfg, slog.New(slog.DiscardHandler))...)
	checks = append(checks, checkTools(ctx, cfg)...)
	return append(checks, checkCluster(ctx, cfg)...)
}

// Print is for people: a line for each check, and what to do about those
// that need it.
func Print(w io.Writer, checks []diagnosis.Check) error {
	signs := map[diagnosis.Verdict]string{diagnosis.OK: "ok", diagnosis.Unknown: "?", diagnosis.Warning: "WARNING", diagnosis.Bad: "BAD"}
	out := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	for _, c := range checks {
		_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", signs[c.Verdict], c.Area, c.Title, c.Seen)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for _, c := range checks {
		if c.Remedy == "" || c.Verdict == diagnosis.OK {
			continue
		}
		text := fmt.Sprintf("\n%s: %s\n", c.Title, strings.TrimSpace(c.Seen+" "+c.Why))
		if _, err := fmt.Fprint(w, text, "  → ", c.Remedy, "\n"); err != nil {
			return err
		}
	}
	return nil
}

// PrintJSON is for programs.
func PrintJSON(w io.Writer, checks []diagnosis.Check) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(struct {
		Verdict diagnosis.Verdict `json:"verdict"`
		Checks  []diagnosis.Check `json:"checks"`
	}{diagnosis.Worst(checks), checks})
}
