package rtsp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"

	"millrace/playout"
	"millrace/transmux/avtest"
	"millrace/transmux/codecs"
	"millrace/transmux/ledger"
	"millrace/transmux/rtsp"
)

// raw speaks RTSP by hand.
type raw struct {
	net.Conn
	t    *testing.T
	in   *bufio.Reader
	cseq int
	id   string
}

func (h *house) raw() *raw {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(128 << 10)
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &raw{Conn: conn, t: h.t, in: bufio.NewReader(conn)}
}

// ask sends a request and returns the status line of its answer.
func (r *raw) ask(method, url string, headers ...string) string {
	r.t.Helper()
	r.tell(method, url, headers...)
	return r.answered()
}

// tell sends a request.
func (r *raw) tell(method, url string, headers ...string) {
	r.t.Helper()
	r.cseq++
	text := fmt.Sprintf("%s %s RTSP/1.0\r\nCSeq: %d\r\n", method, url, r.cseq)
	if r.id != "" {
		text += "Session: " + r.id + "\r\n"
	}
	for _, h := range headers {
		text += h + "\r\n"
	}
	if _, err := io.WriteString(r, text+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
}

// answered is the status line of the next answer, behind whatever packets.
func (r *raw) answered() string {
	r.t.Helper()
	for {
		head, err := r.in.Peek(4)
		if err != nil {
			r.t.Fatal(err)
		}
		if head[0] != '$' {
			break
		}
		if _, err := r.in.Discard(4 + int(head[2])<<8 + int(head[3])); err != nil {
			r.t.Fatal(err)
		}
	}
	status, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	length := 0
	for {
		line, err := r.in.ReadString('\n')
		if err != nil {
			r.t.Fatal(err)
		}
		if line = strings.TrimSpace(line); line == "" {
			break
		}
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if id, ok := strings.CutPrefix(line, "Session: "); ok {
			r.id, _, _ = strings.Cut(id, ";")
		}
	}
	if _, err := io.CopyN(io.Discard, r.in, int64(length)); err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(status)
}

// play sets up the picture over TCP and plays.
func (r *raw) play(url string) {
	r.t.Helper()
	for _, step := range [][]string{
		{"DESCRIBE", url},
		{"SETUP", url + "/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"},
		{"PLAY", url},
	} {
		if got := r.ask(step[0], step[1], step[2:]...); got != "RTSP/1.0 200 OK" {
			r.t.Fatalf("%s: %s", step[0], got)
		}
	}
}

// A viewer who does not read loses pictures, and nothing else: neither the stream
// nor another viewer notices, and when it reads again it goes on at a keyframe.
func TestSlowViewer(t *testing.T) {
	h := build(t, playout.Config{})
	h.publish("live/a", 0, codecs.OpusTrack(1), avtest.Encoder{GOP: 15, Payloads: 60})
	slow := h.raw()
	slow.play("rtsp://" + h.addr + "/live/a")
	other := h.play("live/a", gortsplib.TransportTCP)
	dropped := func() uint64 {
		s, _ := h.hub.Stream("live/a")
		return s.GOPDrops
	}
	// 2 MB a second fill what the systems hold, and then the cursor is left behind.
	h.until("the other one to go on", func() bool { return len(other.of(0)) > 4*30*60 })
	_ = slow.SetDeadline(time.Now().Add(patience))
	var last uint16
	keyframes := 0
	for n := 0; n < 60_000 && (keyframes < 5 || dropped() == 0); n++ {
		var head [4]byte
		if _, err := io.ReadFull(slow.in, head[:]); err != nil || head[0] != '$' {
			t.Fatalf("packet %d: %x %v, %d keyframes, %d jumps %s", n, head, err, keyframes, dropped(), h.log)
		}
		packet := make([]byte, int(head[2])<<8|int(head[3]))
		if _, err := io.ReadFull(slow.in, packet); err != nil {
			t.Fatal(err)
		}
		if head[1] != 0 {
			continue // RTCP
		}
		seq := uint16(packet[2])<<8 | uint16(packet[3])
		if last != 0 && seq != last+1 {
			t.Fatalf("after packet %d comes %d", last, seq)
		}
		if last = seq; key(packet[12:]) {
			keyframes++
		}
	}
	if keyframes < 5 || dropped() == 0 {
		t.Errorf("%d keyframes, %d jumps", keyframes, dropped())
	}
}

// Requests in the wrong place or of the wrong kind are answered, and cost nothing.
func TestRudeRequests(t *testing.T) {
	h := build(t, playout.Config{})
	h.publish("live/a", 0, codecs.OpusTrack(1), avtest.Encoder{GOP: 30})
	url := "rtsp://" + h.addr + "/live/a"
	for name, steps := range map[string][][]string{
		"PLAY without SETUP":    {{"501", "PLAY", url}},
		"SETUP of nothing":      {{"404", "SETUP", "rtsp://" + h.addr + "/live/b/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"}},
		"SETUP without track":   {{"400", "SETUP", url, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"}},
		"SETUP of a 9th track":  {{"400", "SETUP", url + "/trackID=9", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"}},
		"SETUP by multicast":    {{"461", "SETUP", url + "/trackID=0", "Transport: RTP/AVP;multicast"}},
		"SETUP with SRTP":       {{"461", "SETUP", url + "/trackID=0", "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1"}},
		"a session of another":  {{"454", "PLAY", url, "Session: 12345678"}},
		"ANNOUNCE without body": {{"400", "ANNOUNCE", url}},
		"SETUP without DESCRIBE, and PAUSE": {
			{"200", "SETUP", url + "/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"},
			{"200", "PAUSE", url},
			{"200", "TEARDOWN", url},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.raw()
			for _, s := range steps {
				if got := r.ask(s[1], s[2], s[3:]...); !strings.HasPrefix(got, "RTSP/1.0 "+s[0]) {
					t.Errorf("%s: %s, want %s", s[1], got, s[0])
				}
			}
		})
	}
	for name, bytes := range map[string]string{
		"noise":               strings.Repeat("\x00\xff", 1000),
		"an endless header":   "OPTIONS * RTSP/1.0\r\nX: " + strings.Repeat("x", 100_000),
		"a huge body":         "ANNOUNCE " + url + " RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: 999999999\r\n\r\n",
		"a packet, unwelcome": "$\x00\x00\x04abcd",
	} {
		t.Run(name, func(*testing.T) {
			r := h.raw()
			_, _ = io.WriteString(r, bytes) // it may hang up
		})
	}
	h.play("live/a", gortsplib.TransportTCP)
	h.says("viewer opened")
}

// PAUSE stops the packets, PLAY goes on at the live edge.
func TestPause(t *testing.T) {
	h := build(t, playout.Config{})
	h.publish("live/a", 0, codecs.OpusTrack(1), avtest.Encoder{GOP: 15, Payloads: 1})
	c := h.play("live/a", gortsplib.TransportUDP)
	h.until("pictures", func() bool { return len(c.of(0)) > 20 })
	if _, err := c.Pause(); err != nil {
		t.Fatal(err)
	}
	before := len(c.of(0))
	if _, err := c.Play(nil); err != nil {
		t.Fatal(err)
	}
	h.until("more pictures", func() bool { return len(c.of(0)) > before+20 })
	all := c.of(0)
	for i := 1; i < len(all); i++ {
		if d := int16(all[i].packet.SequenceNumber - all[i-1].packet.SequenceNumber); d < 1 {
			t.Fatalf("numbers go on by %d", d)
		}
	}
}

// Who is ended by the API is gone at once, whether it plays, has paused, has only
// set up, or has only been told what there is; and the log knows why.
func TestKicked(t *testing.T) {
	pair, err := rtsp.ListenPair("127.0.0.1", 0) // where nobody reads
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pair.Close)
	even := pair.Addr().(*net.UDPAddr).Port
	for name, transport := range map[string]string{"tcp": "RTP/AVP/TCP;unicast;interleaved=0-1", "udp": fmt.Sprintf("RTP/AVP;unicast;client_port=%d-%d", even, even+1)} {
		for n, stage := range []string{"described", "set up", "playing", "paused"} {
			t.Run(name+", "+stage, func(t *testing.T) {
				t.Parallel()
				h := build(t, playout.Config{})
				h.publish("live/a", 0, codecs.OpusTrack(1), avtest.Encoder{GOP: 15})
				r := h.raw()
				url := "rtsp://" + h.addr + "/live/a"
				for _, step := range [][]string{
					{"DESCRIBE", url},
					{"SETUP", url + "/trackID=0", "Transport: " + transport},
					{"PLAY", url},
				}[:min(n+1, 3)] {
					if got := r.ask(step[0], step[1], step[2:]...); got != "RTSP/1.0 200 OK" {
						t.Fatalf("%s: %s", step[0], got)
					}
				}
				if stage == "paused" {
					r.ask("PAUSE", url)
				}
				all := h.ledger.Sessions()
				if len(all) != 1 || !h.ledger.Kick(all[0].ID) {
					t.Fatalf("%+v", all)
				}
				h.until("its end", func() bool { return len(h.ledger.Sessions()) == 0 })
				if n >= 2 {
					h.says(`viewer closed`)
					h.says(`cause="` + ledger.ErrKicked.Error())
				}
			})
		}
	}
}
