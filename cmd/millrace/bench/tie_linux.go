package bench

import (
	"os/exec"
	"syscall"
)

// tie makes a child end when we are gone without having ended it.
func tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
