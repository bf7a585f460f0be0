package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"millrace/api/apitest"
)

// lossyRTSP is a way to the gateway for one player over TCP that leaves out every
// so many of the picture's packets, those of the first channel.
type lossyRTSP struct {
	net.Listener
	work sync.WaitGroup
}

func newLossyRTSP(t *testing.T, gateway string, every int) *lossyRTSP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &lossyRTSP{Listener: l}
	p.work.Go(func() {
		player, err := l.Accept()
		if err != nil {
			return // nobody came
		}
		defer player.Close()
		server, err := net.Dial("tcp", gateway)
		if err != nil {
			t.Error(err)
			return
		}
		p.work.Go(func() {
			_, _ = io.Copy(server, player)
			_ = server.Close() // which ends the other way too
		})
		thinOut(player, bufio.NewReader(server), every)
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.work.Wait()
	})
	return p
}

// thinOut passes on answers and packets, but for some, until either end is gone.
func thinOut(to io.Writer, from *bufio.Reader, every int) {
	for n := 0; ; {
		first, err := from.Peek(1)
		if err != nil {
			return
		}
		if first[0] != '$' {
			line, err := from.ReadBytes('\n')
			if err != nil {
				return
			}
			if _, err := to.Write(line); err != nil {
				return
			}
			if length := 0; bytes.HasPrefix(line, []byte("Content-Length:")) {
				_, _ = fmt.Sscanf(string(line), "Content-Length: %d", &length)
				rest, err := readBody(from, length)
				if err != nil {
					return
				}
				if _, err := to.Write(rest); err != nil {
					return
				}
			}
			continue
		}
		head := make([]byte, 4)
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		packet := make([]byte, int(head[2])<<8|int(head[3]))
		if _, err := io.ReadFull(from, packet); err != nil {
			return
		}
		if head[1] == 0 {
			if n++; n%every == 0 {
				continue
			}
		}
		if _, err := to.Write(append(head, packet...)); err != nil {
			return
		}
	}
}

// readBody is the rest of an answer's head and its body.
func readBody(from *bufio.Reader, length int) (rest []byte, err error) {
	for {
		line, err := from.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if rest = append(rest, line...); len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	body := make([]byte, length)
	_, err = io.ReadFull(from, body)
	return append(rest, body...), err
}

// TestRTSPPlayersReport: what ffmpeg over UDP and GStreamer over a TCP that loses
// packets say of their reception is in the API and the metrics.
func TestRTSPPlayersReport(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.publish(zeroLatency, "live/a")
	g.waitLive("live/a")
	client, _ := g.described()
	player := func(holds func(s *apitest.Session) bool) (last string, err error) {
		err = poll(t.Context(), 3*patience, func() bool {
			answer, err := client.ListSessionsWithResponse(t.Context(), nil)
			if err != nil || answer.JSON200 == nil {
				t.Fatalf("%+v, %v", answer, err)
			}
			last = string(answer.Body)
			for _, s := range answer.JSON200.Sessions {
				if s.Protocol == "rtsp" && holds(&s) {
					return true
				}
			}
			return false
		})
		return last, err
	}
	f := g.plays("-rtsp_transport", "udp", "-i", g.rtspURL("live/a"))
	last, err := player(func(s *apitest.Session) bool { return s.Transport == "udp" && s.RoundTrip > 0 && s.RoundTrip < 5 })
	if err != nil {
		t.Fatalf("ffmpeg has not told of its round trip: %s", last)
	}
	f.kill()

	line := newLossyRTSP(t, g.rtsp, 20)
	gst := exec.CommandContext(t.Context(), "gst-launch-1.0", "-q", "rtspsrc", "location=rtsp://"+line.Addr().String()+"/live/a",
		"protocols=tcp", "!", "application/x-rtp,media=video", "!", "fakesink", "sync=false")
	if err := gst.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		// How it ends does not matter: it is killed.
		_ = gst.Process.Kill()
		_ = gst.Wait()
	}()
	last, err = player(func(s *apitest.Session) bool {
		return s.Transport == "tcp" && s.Lost > 5 && s.Loss > .01 && s.Loss < .2 && s.RoundTrip > 0 && s.Jitter > 0
	})
	if err != nil {
		t.Fatalf("GStreamer has not told of its loss: %s", last)
	}
	_, metrics := g.request("GET", g.url("/metrics"), "", "")
	for _, name := range []string{
		`millrace_session_lost_packets_total{protocol="rtsp",role="viewer"} `,
		`millrace_rtsp_round_trip_seconds_count `, `millrace_rtsp_reported_loss_ratio_count `,
	} {
		_, value, found := strings.Cut(string(metrics), "\n"+name)
		if value, _, _ = strings.Cut(value, "\n"); !found || value == "0" {
			t.Errorf("%s is %q", name, value)
		}
	}
}
