package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// executable is the gateway's executable, built once for the whole run.
var executable string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "millrace-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	executable = filepath.Join(dir, "millrace")
	build := exec.Command("go", "build", "-o", executable, "millrace/cmd/millrace")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

const (
	// starting is how long the process may take to listen.
	starting = 15 * time.Second
	// stopping is how long it may take after SIGTERM: 5 s are promised.
	stopping = 5 * time.Second
	// patience bounds every wait whose length is not the point.
	patience = 20 * time.Second
	// pollEvery is how often a condition is looked at.
	pollEvery = 20 * time.Millisecond
)

// gateway is one running process.
type gateway struct {
	t                  *testing.T
	cmd                *exec.Cmd
	http, rtmp, webrtc string // addresses
	rtsp               string
	exited             chan struct{}
	stopped            bool // before the test's end

	mu   sync.Mutex
	logs []string // guarded by mu
}

// start runs the executable on free ports of loopback until the test ends, then
// wants it to end cleanly. Settings are added as NAME=value, or as --flag=value.
func start(t *testing.T, settings ...string) *gateway {
	t.Helper()
	g := &gateway{t: t, exited: make(chan struct{}), cmd: exec.Command(executable)}
	g.cmd.Dir = t.TempDir() // no configuration lies about here
	g.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + g.cmd.Dir,
		"MILLRACE_HTTP_ADDRESS=127.0.0.1:0", "MILLRACE_RTMP_ADDRESS=127.0.0.1:0", "MILLRACE_RTSP_ADDRESS=127.0.0.1:0",
		"MILLRACE_WEBRTC_ADDRESS=127.0.0.1:0",
		"MILLRACE_LOG_FORMAT=json", "MILLRACE_LOG_LEVEL=info",
	}, settings...)
	g.cmd.Env = slices.DeleteFunc(g.cmd.Env, func(s string) bool {
		isFlag := strings.HasPrefix(s, "--")
		if isFlag {
			g.cmd.Args = append(g.cmd.Args, s)
		}
		return isFlag
	})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	g.cmd.Stdout, g.cmd.Stderr = w, w
	err = g.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		t.Fatal(err)
	}
	ready := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { g.read(r, ready) })
	work.Go(func() {
		// The exit code is looked at in stop.
		_ = g.cmd.Wait()
		close(g.exited)
	})
	t.Cleanup(func() {
		g.stop()
		work.Wait()
	})
	select {
	case <-ready:
	case <-g.exited:
		t.Fatalf("the gateway ended at once\n%s", g.tail())
	case <-time.After(starting):
		t.Fatalf("the gateway does not listen\n%s", g.tail())
	}
	return g
}

// read keeps the log and finds the addresses in it.
func (g *gateway) read(r io.ReadCloser, ready chan struct{}) {
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		g.mu.Lock()
		g.logs = append(g.logs, lines.Text())
		g.mu.Unlock()
		var line struct{ Msg, What, Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		switch line.What {
		case "http":
			g.http = line.Address
		case "rtmp":
			g.rtmp = line.Address
		case "rtsp":
			g.rtsp = line.Address
		case "webrtc":
			g.webrtc = line.Address
		}
		if g.http != "" && g.rtmp != "" && g.webrtc != "" && g.rtsp != "" && ready != nil {
			close(ready)
			ready = nil
		}
	}
}

// stop ends the process as a supervisor would and wants exit code 0 in time.
func (g *gateway) stop() {
	if g.stopped {
		return
	}
	g.stopped = true
	select {
	case <-g.exited:
		g.t.Errorf("the gateway ended by itself: %v\n%s", g.cmd.ProcessState, g.tail())
		return
	default:
	}
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		g.t.Error(err)
	}
	begun := time.Now()
	select {
	case <-g.exited:
	case <-time.After(slack(stopping)):
		g.t.Errorf("still running %v after SIGTERM\n%s", time.Since(begun), g.tail())
		// It has had its time; the exit is waited for below.
		_ = g.cmd.Process.Kill()
		<-g.exited
	}
	if code := g.cmd.ProcessState.ExitCode(); code != 0 {
		g.t.Errorf("exit code %d after SIGTERM\n%s", code, g.tail())
	}
	if g.t.Failed() {
		g.t.Logf("the gateway's last lines:\n%s", g.tail())
	}
}

func (g *gateway) tail() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.logs[max(0, len(g.logs)-60):], "\n")
}

func (g *gateway) url(path string) string  { return "http://" + g.http + path }
func (g *gateway) whep(name string) string { return g.url("/whep/" + name) }
func (g *gateway) rtmpURL(name string) string {
	return "rtmp://" + g.rtmp + "/" + name
}

// strict is whether the promised times themselves are asserted.
func strict() bool { return os.Getenv("MILLRACE_E2E_STRICT") != "" }

// slack is the room a promised time gets.
func slack(promised time.Duration) time.Duration {
	if strict() {
		return promised
	}
	return 6 * promised
}

// withDeadline bounds one step of a test.
func withDeadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

var errTimeout = errors.New("it did not come in time")

// poll looks at a condition until it holds.
func poll(ctx context.Context, limit time.Duration, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errTimeout
		}
	}
	return nil
}

// pass lets time go by: how long something is watched, or how far apart
// stimuli are. It never stands for something having happened.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}
