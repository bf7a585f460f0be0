package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asMillrace makes the test's binary be the program itself, so that what runs is
// what is tested, race detector and all.
const asMillrace = "RUN_AS_MILLRACE"

func TestMain(m *testing.M) {
	if os.Getenv(asMillrace) != "" {
		_ = os.Unsetenv(asMillrace)
		os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// patience bounds every wait whose length is not the point.
const patience = 20 * time.Second

// line is a line of the log.
type line struct{ Level, Msg, What, Address, Raw string }

// program is a running millrace.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *strings.Builder
	lines  chan line // closed when it has ended
}

// program starts millrace with free ports of loopback and logs in JSON.
func start(t *testing.T, args []string, environ ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(os.Args[0], args...), stdout: &strings.Builder{}, lines: make(chan line, 1000)}
	p.cmd.Env = append(append(os.Environ(), asMillrace+"=1",
		"MILLRACE_HTTP_ADDRESS=127.0.0.1:0", "MILLRACE_RTMP_ADDRESS=127.0.0.1:0", "MILLRACE_WEBRTC_ADDRESS=127.0.0.1:0", "MILLRACE_RTSP_ADDRESS=127.0.0.1:0",
		"MILLRACE_LOG_FORMAT=json"), environ...)
	p.cmd.Stdout = p.stdout
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.lines)
		for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
			l := line{Raw: scanner.Text()}
			_ = json.Unmarshal(scanner.Bytes(), &l) // what is no JSON has only Raw
			p.lines <- l
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // no news if it has ended
		<-read
		_ = p.cmd.Wait()
	})
	return p
}

// until reads the log up to the line that is wanted.
func (p *program) until(wanted func(line) bool) line {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case l, more := <-p.lines:
			if !more {
				p.t.Fatal("it ended before it logged what was waited for")
			}
			p.t.Log(l.Raw)
			if wanted(l) {
				return l
			}
		case <-deadline:
			p.t.Fatal("it did not log what was waited for")
		}
	}
}

func message(msg string) func(line) bool { return func(l line) bool { return l.Msg == msg } }

// listening waits until all three listeners stand; by their names.
func (p *program) listening() map[string]string {
	p.t.Helper()
	at := map[string]string{}
	p.until(func(l line) bool {
		if l.Msg == "listening" {
			at[l.What] = l.Address
		}
		return len(at) == 3
	})
	return at
}

// exit waits for the end and gives the exit code and the rest of the log.
func (p *program) exit() (code int, log string) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case l, more := <-p.lines:
			if !more {
				_ = p.cmd.Wait() // the code says it all
				return p.cmd.ProcessState.ExitCode(), log
			}
			log += l.Raw + "\n"
		case <-deadline:
			p.t.Fatal("it did not end")
		}
	}
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// fetch gets a URL without keeping the connection.
func fetch(url string) (status int, body string, err error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// TestStop stops a gateway with peers in all the states that could hold it up.
func TestStop(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			p := start(t, []string{"serve"})
			at := p.listening()
			if status, body, err := fetch("http://" + at["http"] + "/readyz"); status != 200 {
				t.Errorf("not ready: %d %s %v", status, body, err)
			}
			silent := dial(t, at["rtmp"])
			_, _ = silent.Write([]byte{3}) // the first byte of a handshake
			idle := dial(t, at["http"])
			_, _ = idle.Write([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
			halfway := dial(t, at["http"])
			_, _ = halfway.Write([]byte("POST /whep/live/demo HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\nv"))

			begun := time.Now()
			p.signal(s)
			code, log := p.exit()
			if took := time.Since(begun); code != 0 || took > 5*time.Second {
				t.Errorf("exit code %d after %s:\n%s", code, took, log)
			}
			if !strings.Contains(log, `"msg":"stopped"`) {
				t.Errorf("no word of having stopped:\n%s", log)
			}
		})
	}
}

// TestSecondSignal does not wait for what the first would have waited for.
func TestSecondSignal(t *testing.T) {
	p := start(t, nil)
	at := p.listening()
	halfway := dial(t, at["http"])
	_, _ = halfway.Write([]byte("POST /whep/live/demo HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\nv"))
	p.signal(syscall.SIGTERM)
	p.until(message("stopping"))
	p.signal(syscall.SIGTERM)
	if code, log := p.exit(); code != 1 || !strings.Contains(log, "stopping at once") {
		t.Errorf("exit code %d:\n%s", code, log)
	}
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, log := start(t, nil, "MILLRACE_RTMP_ADDRESS="+l.Addr().String()).exit()
	if want := "something else listens on " + l.Addr().String(); code != 1 || !strings.Contains(log, want) || !strings.Contains(log, "MILLRACE_RTMP_ADDRESS") {
		t.Errorf("exit code %d, want %q in\n%s", code, want, log)
	}
}

func TestListenersThatAreOff(t *testing.T) {
	p := start(t, nil, "MILLRACE_RTMP_ADDRESS=", "MILLRACE_WEBRTC_ADDRESS=")
	at := p.until(message("listening"))
	var server struct {
		RTMP   int `json:"rtmp_port"`
		WebRTC int `json:"webrtc_port"`
		HTTP   int `json:"http_port"`
	}
	_, body, err := fetch("http://" + at.Address + "/api/v1/server")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(body), &server); err != nil {
		t.Fatal(err)
	}
	if server.RTMP != 0 || server.WebRTC != 0 || !strings.HasSuffix(at.Address, fmt.Sprint(":", server.HTTP)) {
		t.Errorf("ports %+v, listening on %s", server, at.Address)
	}
	p.signal(syscall.SIGTERM)
	if code, log := p.exit(); code != 0 || strings.Contains(log, `"what":"rtmp"`) {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

func TestUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(file, []byte("http:\n  port: 80\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args    []string
		environ []string
		code    int
		says    string
	}{
		{args: []string{"version"}, code: 0, says: "millrace "},
		{args: []string{"--help"}, code: 0, says: "demo"},
		{args: []string{"--config", file}, code: 2, says: file + `:2:3: unknown key "http.port"`},
		{args: []string{"serve", "--config", file + "x"}, code: 2, says: "no such file"},
		{args: []string{"--log-level", "loud"}, code: 2, says: `--log-level: "loud" is not one of`},
		{args: []string{"dance"}, code: 2, says: "dance"},
		{args: nil, environ: []string{"MILLRACE_PORT=80"}, code: 2, says: "unknown variable MILLRACE_PORT"},
		{args: []string{"demo"}, environ: []string{"MILLRACE_RTMP_ADDRESS="}, code: 2, says: "set rtmp.address"},
		{args: []string{"demo"}, environ: []string{"MILLRACE_WEBRTC_ADDRESS="}, code: 2, says: "webrtc.address"},
	} {
		p := start(t, tc.args, tc.environ...)
		code, log := p.exit()
		if said := p.stdout.String() + log; code != tc.code || !strings.Contains(said, tc.says) {
			t.Errorf("%v %v: exit code %d, want %d and %q in\n%s", tc.args, tc.environ, code, tc.code, tc.says, said)
		}
	}
}
