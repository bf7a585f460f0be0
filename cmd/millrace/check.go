package main

import (
	"fmt"
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
	return r.Print(p.stdout)
}
