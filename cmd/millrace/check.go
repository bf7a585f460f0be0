package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

type checkCommand struct{}

// Run is for kong.
func (checkCommand) Run(c *commands, p *process) error {
	r, err := c.read(p)
	if err != nil {
		return err
	}
	what := "the environment"
	if c.Config != "" {
		what = c.Config
	}
	if _, err := fmt.Fprintf(p.stdout, "%s is a good configuration\n", what); err != nil {
		return err
	}
	return r.print(p)
}

// print tells what is set and what it is not by itself, and where it stands; no
// secrets.
func (r *reading) print(p *process) error {
	page := settingsPage()
	out := tabwriter.NewWriter(p.stdout, 0, 1, 2, ' ', 0)
	for _, s := range r.settings() {
		g, ok := r.given[s.path]
		if !ok {
			continue
		}
		where := string(g.from)
		switch g.from {
		case fromFile:
			where = g.at
		case fromEnvironment:
			where = envName(s.path)
		case fromFlag:
			where = "--" + strings.ReplaceAll(s.path, ".", "-")
		}
		if _, err := fmt.Fprintf(out, "  %s\t%s\t%s\n", s.path, r.shown(s.path, page), where); err != nil {
			return err
		}
	}
	return out.Flush()
}
