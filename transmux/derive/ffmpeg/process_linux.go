package ffmpeg

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// niceness is what the encoders yield by: packets that are ready go out first.
const niceness = 5

// attributes put the process into a group of its own, which the terminal's Ctrl-C
// does not reach, and have the kernel kill it when we die, however that comes.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// kill ends the process and what it may have started: it may be a script.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// humble lowers the process's priority, before it has made its threads.
func humble(pid int) {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, niceness) // it works without, too
}

// running is the CPU time of a process so far (proc(5), stat, fields 14 and 15), zero
// if that cannot be read.
func running(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The second field is the name in parentheses, in which there may be anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on everything that Go runs on
	user, _ := strconv.Atoi(string(fields[11]))
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * tick
}
