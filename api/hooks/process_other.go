//go:build !unix

package hooks

import (
	"os"
	"os/exec"
)

// Here there are no process groups: only the command itself is ended.
func apart(*exec.Cmd) {}

func terminate(p *os.Process) error { return p.Kill() }

func kill(*os.Process) {}
