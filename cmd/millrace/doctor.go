package main

import (
	"context"
	"errors"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/doctor"
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
	checks := doctor.Examine(context.Background(), &cfg)
	show := doctor.Print
	if d.JSON {
		show = doctor.PrintJSON
	}
	if err := show(p.stdout, checks); err != nil {
		return err
	}
	if diagnosis.Worst(checks) == diagnosis.Bad {
		return errUnwell
	}
	return nil
}
