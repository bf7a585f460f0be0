package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"millrace/api/diagnosis"
)

// doctorTimeout bounds the whole: no single look takes longer than lookTimeout.
const (
	doctorTimeout = 30 * time.Second
	lookTimeout   = 3 * time.Second
)

// The areas of the doctor's checks.
const (
	areaPorts   diagnosis.Area = "ports"
	areaSystem  diagnosis.Area = "system"
	areaNetwork diagnosis.Area = "network"
	areaTools   diagnosis.Area = "tools"
	areaCluster diagnosis.Area = "cluster"
)

type doctorCommand struct {
	JSON bool `name:"json" help:"Print the findings as JSON."`
}

// errUnwell is the end of a doctor who found what keeps the gateway from working.
var errUnwell = errors.New("the gateway will not work as it is configured; the remedies are above")

// Run is for kong. It looks at this machine with the configuration that the gateway
// would run with, and changes nothing.
func (d doctorCommand) Run(c *commands, p *process) error {
	cfg, err := c.load(p)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), doctorTimeout)
	defer cancel()
	checks := examine(ctx, &cfg)
	show := printFindings
	if d.JSON {
		show = printJSON
	}
	if err := show(p.stdout, checks); err != nil {
		return err
	}
	if diagnosis.Worst(checks) == diagnosis.Bad {
		return errUnwell
	}
	return nil
}

// examine looks at everything.
func examine(ctx context.Context, cfg *Config) []diagnosis.Check {
	running := findRunning(ctx, cfg)
	checks := running.checks()
	for _, l := range cfg.doors() {
		checks = append(checks, checkDoor(ctx, l, running.there()))
	}
	checks = append(checks, checkSystem(cfg)...)
	checks = append(checks, checkNetwork(ctx, cfg, slog.New(slog.DiscardHandler))...)
	checks = append(checks, checkTools(ctx, cfg)...)
	return append(checks, checkCluster(ctx, cfg)...)
}

// printFindings is for people: a line for each check, and what to do about those
// that need it.
func printFindings(w io.Writer, checks []diagnosis.Check) error {
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

// printJSON is for programs.
func printJSON(w io.Writer, checks []diagnosis.Check) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(struct {
		Verdict diagnosis.Verdict `json:"verdict"`
		Checks  []diagnosis.Check `json:"checks"`
	}{diagnosis.Worst(checks), checks})
}
