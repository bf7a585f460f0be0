package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is one running ffmpeg and our ends of its pipes.
type process struct {
	cmd                *exec.Cmd
	stdin, stdout, err *os.File
	exited             chan struct{}
	cause              error // after exited
}

// start runs the program. The caller closes the pipes and waits for exited.
func start(path string, args []string) (*process, error) {
	p := &process{cmd: exec.Command(path, args...), exited: make(chan struct{})}
	var theirs [3]*os.File
	ends := func(of [3]*os.File) {
		for _, f := range of {
			if f != nil {
				_ = f.Close()
			}
		}
	}
	defer func() { ends(theirs) }()
	var errs [3]error
	theirs[0], p.stdin, errs[0] = os.Pipe()
	p.stdout, theirs[1], errs[1] = os.Pipe()
	p.err, theirs[2], errs[2] = os.Pipe()
	if err := errors.Join(errs[:]...); err != nil {
		ends(p.pipes())
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	p.cmd.Env = environment()
	p.cmd.SysProcAttr = attributes()
	started := make(chan error)
	go p.run(started) // until the process has exited, for which the caller waits
	if err := <-started; err != nil {
		ends(p.pipes())
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	return p, nil
}

func (p *process) pipes() [3]*os.File { return [3]*os.File{p.stdin, p.stdout, p.err} }

// run keeps one thread for as long as the process lives: the kernel kills the
// process with the thread that started it (see attributes), and Go's threads come
// and go.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	humble(p.cmd.Process.Pid)
	started <- nil
	p.cause = p.cmd.Wait()
	close(p.exited)
}

// kill ends the process at once. Nothing that it has not written yet is wanted.
func (p *process) kill() {
	select {
	case <-p.exited:
	default:
		kill(p.cmd.Process) // it may have ended by itself
	}
}

// cost is the CPU time that the process has taken, also while it runs.
func (p *process) cost() time.Duration {
	select {
	case <-p.exited:
		return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	default:
		return running(p.cmd.Process.Pid)
	}
}
