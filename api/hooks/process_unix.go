//go:build unix

package hooks

import (
	"os"
	"os/exec"
	"syscall"
)

// apart puts the command into a process group of its own, with which all that it
// starts can be ended, and which a terminal's Ctrl-C does not reach.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminate tells the group to end.
func terminate(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGTERM) }

// kill ends the group; it may have ended already.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
