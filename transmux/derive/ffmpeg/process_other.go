//go:build !linux

package ffmpeg

import (
	"os"
	"syscall"
	"time"
)

// Elsewhere the end of its input ends the process.
func attributes() *syscall.SysProcAttr { return nil }

func kill(p *os.Process) { _ = p.Kill() }

func humble(int) {}

// running is not known: the time is counted when the process has ended.
func running(int) time.Duration { return 0 }
