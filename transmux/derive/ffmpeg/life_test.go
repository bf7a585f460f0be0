package ffmpeg

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"millrace/transmux/av"
)

// fake is a program that stands in for ffmpeg: a script that says what it can do,
// then does as it is told.
func fake(t *testing.T, does string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\nif [ \"$1\" = -encoders ]; then\n" +
		"echo 'ffmpeg version 4.4.1-fake Copyright' >&2\necho ' V....D libx264  H.264'\necho ' A..... libopus  Opus'\nexit 0\nfi\n" + does + "\n"
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func open(t *testing.T, p *Program) (*Session, []*av.Frame) {
	t.Helper()
	track, frames := readClip(t, obsDefault, av.Video)
	s, err := p.Open(Job{Stream: "live/a", Target: H264, Source: track, FrameRate: 30}, &made{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, frames
}

// writes what it can of the clip, over and over, until there is an error.
func writes(t *testing.T, s *Session, frames []*av.Frame) error {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		f := *frames[i%len(frames)]
		f.Arrived = time.Now()
		if err := s.Write(&f); err != nil {
			return err
		}
	}
	t.Fatal("it goes on writing")
	return nil
}

func TestOneThatDies(t *testing.T) {
	p := newProgram(t, Config{})
	s, frames := open(t, p)
	if err := syscall.Kill(s.process.Load().cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("nobody noticed")
	}
	if err := s.Write(frames[0]); !errors.Is(err, ErrEnded) || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v", err)
	}
	if n := p.Stats().Running; n != 0 {
		t.Errorf("%d are running", n)
	}
}

func TestOneThatDoesNotRead(t *testing.T) {
	t.Parallel()
	p := newProgram(t, Config{Path: fake(t, "exec sleep 100")})
	s, frames := open(t, p)
	begun := time.Now()
	if err := writes(t, s, frames); !errors.Is(err, ErrStuck) || time.Since(begun) < writeTimeout {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	begun = time.Now()
	s.Close()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v to close", took)
	}
}

func TestOneThatMakesNothing(t *testing.T) {
	p := newProgram(t, Config{Path: fake(t, "cat >/dev/null")})
	s, frames := open(t, p)
	now := time.Now()
	for range maxHeld + 2 {
		if err := s.Write(frames[0]); err != nil {
			t.Fatal(err)
		}
	}
	if s.stalled(now.Add(startTimeout - time.Second)) {
		t.Error("given up too soon")
	}
	if !s.stalled(now.Add(startTimeout + time.Minute)) {
		t.Error("not given up")
	}
	s.made.Add(1)
	if s.stalled(now.Add(2 * time.Hour)) {
		t.Error("given up though something has come")
	}
	s.waiting = maxHeld // all that may be held back, for however long the source pauses
	if s.stalled(now.Add(3 * time.Hour)) {
		t.Error("given up over a source that pauses")
	}
}

func TestOneThatWritesNonsense(t *testing.T) {
	p := newProgram(t, Config{Path: fake(t, "echo 'something is wrong' >&2\nhead -c 100000 /dev/urandom\ncat >/dev/null")})
	s, frames := open(t, p)
	if err := writes(t, s, frames); !strings.Contains(err.Error(), "malformed") || !strings.Contains(err.Error(), "something is wrong") {
		t.Errorf("%v", err)
	}
}

func TestNoMoreThanMay(t *testing.T) {
	p := newProgram(t, Config{Path: fake(t, "cat >/dev/null"), MaxProcesses: 1})
	first, _ := open(t, p)
	if _, err := p.Open(first.job, &made{}); !errors.Is(err, ErrLimit) {
		t.Errorf("the second: %v", err)
	}
	freed := p.Freed()
	if got := p.Stats(); got.Running != 1 || got.Refused != 1 || got.Started[H264] != 1 {
		t.Errorf("%+v", got)
	}
	first.Close()
	select {
	case <-freed:
	case <-time.After(20 * time.Second):
		t.Error("nobody is told of the end")
	}
	open(t, p)
	p.Close()
	if _, err := p.Open(first.job, &made{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// TestThreadsComeAndGo: Go's threads end, and what they started must not end with them.
func TestThreadsComeAndGo(t *testing.T) {
	p := newProgram(t, Config{Path: fake(t, "cat >/dev/null")})
	opened := make(chan *Session)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		s, _ := open(t, p)
		opened <- s
	}()
	s := <-opened
	for range 20 {
		done := make(chan struct{})
		go func() { runtime.LockOSThread(); close(done) }()
		<-done
	}
	select {
	case <-s.Done():
		t.Errorf("it ended with a thread: %v", s.Err())
	case <-time.After(300 * time.Millisecond): // nothing is waited for: it must not come
	}
}

func TestNoProgram(t *testing.T) {
	for name, c := range map[string]struct {
		cfg   Config
		words string
	}{
		"off":          {Config{Path: Off}, "ffmpeg.path is off"},
		"not there":    {Config{Path: "/nowhere/ffmpeg"}, "/nowhere/ffmpeg"},
		"does not run": {Config{Path: "/bin/false"}, "does not run"},
		"no encoder":   {Config{Path: fake(t, ""), Encoder: "h264_nvenc"}, "no encoder h264_nvenc"},
	} {
		p := newProgram(t, c.cfg)
		if got := p.Lacks(H264); !strings.Contains(got, c.words) {
			t.Errorf("%s: %q", name, got)
		}
		if _, err := p.Open(Job{Target: H264}, nil); err == nil {
			t.Errorf("%s: opened", name)
		}
		if got := p.Lacks(Opus); name == "no encoder" && got != "" {
			t.Errorf("Opus: %q", got)
		}
	}
}

func TestVersions(t *testing.T) {
	for banner, old := range map[string]bool{
		"ffmpeg version 5.1.9-0+deb12u1 Copyright": false, "ffmpeg version 4.4.1 Copyright": true,
		"ffmpeg version n7.1 Copyright": false, "ffmpeg version N-110223-g18f24527eb Copyright": false, "": false,
	} {
		var a abilities
		a.readVersion([]byte(banner))
		if a.before(5, 1) != old {
			t.Errorf("%q: %+v", banner, a)
		}
	}
}

// TestLateBFramesAreLeftOut: a machine that is too slow gives fewer pictures, not
// later ones, and none that refer to what was left out.
func TestLateBFramesAreLeftOut(t *testing.T) {
	s := &Session{}
	track := &av.Track{Kind: av.Video}
	for i, c := range []struct {
		kind av.Type
		late bool
		skip bool
	}{
		{av.Delta, false, true}, // before the first keyframe
		{av.Key, true, false},
		{av.Bidirectional, true, true},
		{av.Bidirectional, false, true}, // it may refer to the one before
		{av.Delta, false, false},
		{av.Bidirectional, false, false},
		{av.Bidirectional, true, true},
		{av.Delta, true, false},
		{av.Bidirectional, false, true},
	} {
		f := &av.Frame{Track: track, Type: c.kind, Arrived: time.Now()}
		if c.late {
			f.Arrived = time.Now().Add(-2 * maxBehind)
		}
		if got := s.skip(f); got != c.skip {
			t.Errorf("frame %d: left out %t", i, got)
		}
	}
	if s.Left() != 4 {
		t.Errorf("%d counted", s.Left())
	}
}
