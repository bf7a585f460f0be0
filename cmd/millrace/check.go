package main

import "fmt"

type checkCommand struct{}

// Run is for kong.
func (checkCommand) Run(c *commands, p *process) error {
	if _, err := c.load(p); err != nil {
		return err
	}
	what := "the environment"
	if c.Config != "" {
		what = c.Config
	}
	_, err := fmt.Fprintf(p.stdout, "%s is a good configuration\n", what)
	return err
}
