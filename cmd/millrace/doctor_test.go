package main

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"millrace/api/diagnosis"
)

// TestDoctor runs it as it is run, once where a port is taken and once where all can
// be had.
func TestDoctor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	environ := []string{
		"MILLRACE_HTTP_ADDRESS=127.0.0.1:0", "MILLRACE_WEBRTC_ADDRESS=127.0.0.1:0", "MILLRACE_RTSP_ADDRESS=127.0.0.1:0",
		"MILLRACE_FFMPEG_PATH=off", "MILLRACE_AUTH_KEYS={obs: sesame-sesame-sesame}",
	}
	var out, errs bytes.Buffer
	if code := run([]string{"doctor", "--json"}, append(environ, "MILLRACE_RTMP_ADDRESS="+l.Addr().String()), &out, &errs); code != exitError {
		t.Errorf("exit code %d\n%s", code, &errs)
	}
	var report struct {
		Verdict diagnosis.Verdict
		Checks  []diagnosis.Check
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.Verdict != diagnosis.Bad {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, c := range report.Checks {
		if bad := c.Verdict == diagnosis.Bad; bad != (c.Code == "port_taken") {
			t.Errorf("%+v", c)
		}
	}
	out.Reset()
	if code := run([]string{"doctor"}, append(environ, "MILLRACE_RTMP_ADDRESS=127.0.0.1:0"), &out, &errs); code != exitOK {
		t.Errorf("exit code %d\n%s%s", code, &out, &errs)
	}
	for _, words := range []string{"rtmp.address (tcp 127.0.0.1:0)    Free.", "Addresses that viewers are told", "ffmpeg"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("no %q in\n%s", words, &out)
		}
	}
	if strings.Contains(out.String()+errs.String(), "sesame") {
		t.Error("a key in the findings")
	}
}
