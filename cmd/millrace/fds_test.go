package main

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"testing"
	"time"
)

// TestFewFileDescriptors are told at the start; the soft limit is raised to the hard
// one before.
func TestFewFileDescriptors(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // there is no such limit
	}
	limited := exec.Command("sh", "-c", `ulimit -Sn 300 && ulimit -Hn 900 && exec "$0" --config /dev/null`, os.Args[0])
	limited.Env = append(os.Environ(), asMillrace+"=1", "MILLRACE_LOG_FORMAT=json", "MILLRACE_HTTP_ADDRESS=127.0.0.1:0",
		"MILLRACE_RTMP_ADDRESS=127.0.0.1:0", "MILLRACE_WEBRTC_ADDRESS=127.0.0.1:0", "MILLRACE_RTSP_ADDRESS=127.0.0.1:0")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	limited.Stderr = write
	if err := limited.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = limited.Process.Kill() }) // and so ends what is read
	defer late.Stop()
	write.Close()
	defer func() {
		_ = limited.Process.Kill()
		_ = limited.Wait()
	}()
	said := ""
	raised := regexp.MustCompile(`"allowed":(899|900),`) // Go leaves one, to know its own doing
	for buffer := make([]byte, 4096); !raised.MatchString(said); {
		n, err := read.Read(buffer)
		said += string(buffer[:n])
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
}
