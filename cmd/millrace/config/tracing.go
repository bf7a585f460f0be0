package config

import (
	"fmt"
	"strconv"
)

// Tracing is where it is told what sessions did, and of how many.
type Tracing struct {
	Endpoint string  // of an OpenTelemetry collector; empty: nowhere
	Sample   float64 // share of the sessions, 0 to 1
}

func (c *Tracing) defaults() { c.Sample = 1 }

func (c *Tracing) settings() []setting {
	return []setting{
		{"tracing.endpoint", baseURL(&c.Endpoint)},
		{"tracing.sample", share(&c.Sample)},
	}
}

// share takes a number from 0 to 1.
func share(into *float64) func(string) error {
	return func(text string) error {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(x >= 0 && x <= 1) {
			return fmt.Errorf("%q is no share: write a number from 0 to 1, such as 0.05", text)
		}
		*into = x
		return nil
	}
}
