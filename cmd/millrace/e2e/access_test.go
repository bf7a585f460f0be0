package e2e

import (
	"bufio"
	"context"
	"crypto/md5" // of RFC 2617's digests
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// credential is what somebody shows: a token, or a user's name and password.
type credential struct {
	token, user, password string
	by                    string // "query", "bearer"; else as is usual for it
	any                   bool   // it does not matter, everything is open
}

// shown says in which way.
func (c credential) shown(by string) credential {
	c.by = by
	return c
}

// text is the credential where there is room for one text only.
func (c credential) text() string {
	if c.user != "" {
		return c.user + ":" + c.password
	}
	return c.token
}

// query is the credential as encoders write it behind a stream key.
func (c credential) query() string {
	switch {
	case c.user != "":
		return "?user=" + url.QueryEscape(c.user) + "&pass=" + url.QueryEscape(c.password)
	case c.token != "":
		return "?token=" + url.QueryEscape(c.token)
	default:
		return ""
	}
}

// show puts the credential into a request's header.
func (c credential) show(r *http.Request) {
	switch {
	case c.text() == "":
	case c.by == "query":
		query := r.URL.Query()
		query.Set("token", c.text())
		r.URL.RawQuery = query.Encode()
	case c.by == "bearer":
		r.Header.Set("Authorization", "Bearer "+c.text())
	case c.user != "":
		r.SetBasicAuth(c.user, c.password)
	case c.token != "":
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
}

// holdLive publishes a stream for as long as the connection is open.
func holdLive(g *gateway, name string, c credential) io.Closer {
	g.t.Helper()
	client, err := dialRTMP(withDeadline(g.t, patience), g.rtmp)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := client.publish(name + c.query()); err != nil {
		g.t.Fatal(err)
	}
	source, from := readClip(g.t, toneClip), uint32(0)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = client.play(ctx, source, from, nil) // ends with the test
	}()
	g.tracksAs(name, 2, c)
	return closer(func() error {
		cancel()
		err := client.Close()
		<-done
		return err
	})
}

type closer func() error

func (c closer) Close() error { return c() }

// tracksAs waits until a stream has tracks, for somebody who may see it.
func (g *gateway) tracksAs(name string, n int, c credential) {
	g.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		var s struct{ Tracks []struct{ ID int } }
		_, body := g.as(http.MethodGet, "/api/v1/streams/"+name, "", c)
		if json.Unmarshal(body, &s) == nil && len(s.Tracks) >= n {
			return
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("%s has %s\n%s", name, body, g.tail())
		}
		<-time.After(pollEvery)
	}
}

// as makes a request with a credential.
func (g *gateway) as(method, path, body string, c credential) (*http.Response, []byte) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(withDeadline(g.t, patience), method, g.url(path), strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/sdp")
	}
	c.show(r)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return response, answer
}

// overHTTP asks, and ends the session that came of it, for which it takes the same
// credential.
func overHTTP(path, body string) func(*gateway, string, credential) int {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	return func(g *gateway, stream string, c credential) int {
		g.t.Helper()
		target := path + stream
		if before, _, one := strings.Cut(path, "#"); one {
			target = before
		}
		response, answer := g.as(method, target, body, c)
		switch response.StatusCode {
		case http.StatusUnauthorized:
			if response.Header.Get("WWW-Authenticate") == "" {
				g.t.Errorf("%s: 401 without a challenge", target)
			}
			fallthrough
		case http.StatusForbidden:
			var p struct{ Detail string }
			if json.Unmarshal(answer, &p) != nil || len(p.Detail) < 20 {
				g.t.Errorf("%s: it is not said why: %s", target, answer)
			}
		case http.StatusCreated:
			at := response.Header.Get("Location")
			if no, _ := g.as(http.MethodDelete, at, "", credential{}); c.any {
				return no.StatusCode
			} else if no.StatusCode != http.StatusUnauthorized {
				g.t.Errorf("anybody may end a session of %s: %s", target, no.Status)
			}
			if yes, _ := g.as(http.MethodDelete, at, "", c); yes.StatusCode != http.StatusOK {
				g.t.Errorf("the session of %s cannot be ended: %s", target, yes.Status)
			}
			return http.StatusOK
		}
		return response.StatusCode
	}
}

// overRTMP asks and hangs up.
func overRTMP(scheme, command, consent string) func(*gateway, string, credential) int {
	return func(g *gateway, stream string, c credential) int {
		g.t.Helper()
		var conn net.Conn
		var err error
		if scheme == "rtmps" {
			conn, err = tls.Dial("tcp", g.listening(scheme), anyTLS)
		} else {
			conn, err = net.Dial("tcp", g.rtmp)
		}
		if err != nil {
			g.t.Fatal(err)
		}
		client := &rtmpClient{Conn: conn, replies: make(chan []byte, 64), gone: make(chan struct{})}
		defer func() { <-client.gone }()
		defer client.Close()
		if err := client.handshake(); err != nil {
			g.t.Fatal(err)
		}
		err = client.ask(stream+c.query(), command, consent)
		switch {
		case err == nil:
			return http.StatusOK
		case !strings.Contains(err.Error(), "refused: "):
			g.t.Errorf("%s %s: %v", command, stream, err)
		case strings.Contains(err.Error(), "does not allow"):
			return http.StatusForbidden
		}
		return http.StatusUnauthorized
	}
}

// cameraSDP is what a camera announces.
const cameraSDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:0\r\n"

// overRTSP asks and hangs up.
func overRTSP(scheme, method string, proof bool) func(*gateway, string, credential) int {
	return func(g *gateway, stream string, c credential) int {
		g.t.Helper()
		at := g.listening(scheme)
		conn, err := net.Dial("tcp", at)
		if err != nil {
			g.t.Fatal(err)
		}
		defer conn.Close()
		if scheme == "rtsps" {
			conn = tls.Client(conn, anyTLS)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		target := scheme + "://" + at + "/" + stream
		if c.token != "" {
			target += c.query()
		}
		in, header := textproto.NewReader(bufio.NewReader(conn)), ""
		if c.user != "" && !proof {
			r := http.Request{Header: http.Header{}}
			c.show(&r)
			header = "Authorization: " + r.Header.Get("Authorization") + "\r\n"
		}
		ask := func(sequence int) (int, textproto.MIMEHeader) {
			body, kind := "", "Accept"
			if method == "ANNOUNCE" {
				body, kind = cameraSDP, "Content-Type"
			}
			if _, err := fmt.Fprintf(conn, "%s %s RTSP/1.0\r\nCSeq: %d\r\n%s: application/sdp\r\n%sContent-Length: %d\r\n\r\n%s", method, target, sequence, kind, header, len(body), body); err != nil {
				g.t.Fatal(err)
			}
			line, err := in.ReadLine()
			if err != nil {
				g.t.Fatal(err)
			}
			answer, err := in.ReadMIMEHeader()
			if err != nil {
				g.t.Fatal(err)
			}
			length, _ := strconv.Atoi(answer.Get("Content-Length"))
			if _, err := io.CopyN(io.Discard, in.R, int64(length)); err != nil {
				g.t.Fatal(err)
			}
			status, _ := strconv.Atoi(strings.Fields(line)[1])
			return status, answer
		}
		status, answer := ask(1)
		if found := digestChallenge.FindStringSubmatch(strings.Join(answer.Values("Www-Authenticate"), "\n")); proof && status == http.StatusUnauthorized && c.user != "" && found != nil {
			realm, nonce := found[1], found[2]
			sum := func(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }
			response := sum(sum(c.user+":"+realm+":"+c.password) + ":" + nonce + ":" + sum(method+":"+target))
			header = fmt.Sprintf("Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"\r\n", c.user, realm, nonce, target, response)
			status, _ = ask(2)
		}
		return status
	}
}

var digestChallenge = regexp.MustCompile(`Digest realm="([^"]*)", nonce="([^"]*)"`)

// TestExpiryEndsSessions: a token's end is the end of what it let in, and says so.
func TestExpiryEndsSessions(t *testing.T) {
	t.Parallel()
	g := start(t, "MILLRACE_AUTH_JWT_SECRET="+accessSecret)
	lasting := credential{token: signed(t, time.Now().Add(time.Hour))}
	live := holdLive(g, "live/on", lasting)
	defer live.Close()
	brief := credential{token: signed(t, time.Now().Add(3*time.Second))}

	publisher, err := dialRTMP(withDeadline(t, patience), g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { <-publisher.gone }()
	defer publisher.Close()
	if err := publisher.publish("live/brief" + brief.query()); err != nil {
		t.Fatal(err)
	}
	player, err := dialRTMP(withDeadline(t, patience), g.rtmp)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { <-player.gone }()
	defer player.Close()
	if err := player.ask("live/on"+brief.query(), "play", "NetStream.Play.Start"); err != nil {
		t.Fatal(err)
	}
	for path, offer := range map[string]string{
		"/whip/live/brief2": offerOf("sendonly", "actpass", mVideo, mAudio), "/whep/live/on": offerOf("recvonly", "actpass", mVideo, mAudio),
	} {
		if r, body := g.as(http.MethodPost, path, offer, brief); r.StatusCode != http.StatusCreated {
			t.Fatalf("%s: %s %s", path, r.Status, body)
		}
	}
	if _, err := publisher.reply("has expired"); err != nil {
		t.Errorf("the publisher hears %v", err)
	}
	const cause = "the credential that let it in has expired"
	for deadline := time.Now().Add(patience); g.count(cause) < 4; {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions ended because of it\n%s", g.count(cause), g.tail())
		}
		<-time.After(pollEvery)
	}
	if r, _ := g.as(http.MethodGet, "/api/v1/streams/live/on", "", lasting); r.StatusCode != http.StatusOK {
		t.Errorf("the other one's stream: %s", r.Status)
	}
}

// TestExpiryEndsRTSP does the same to ffmpeg, at both ends.
func TestExpiryEndsRTSP(t *testing.T) {
	t.Parallel()
	g := start(t, "MILLRACE_AUTH_JWT_SECRET="+accessSecret)
	live := holdLive(g, "live/on", credential{token: signed(t, time.Now().Add(time.Hour))})
	defer live.Close()
	brief := credential{token: signed(t, time.Now().Add(8*time.Second))}
	at := "rtsp://" + g.rtsp + "/live/"
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	publisher := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", toneClip, "-c", "copy",
		"-f", "rtsp", "-rtsp_transport", "tcp", at+"brief"+brief.query())
	player := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", at+"on"+brief.query(), "-f", "null", "-")
	for _, program := range []*exec.Cmd{publisher, player} {
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = program.Wait() }() // it ends as it likes
	}
	defer cancel()
	const cause = "the credential that let it in has expired"
	for deadline := time.Now().Add(patience + 8*time.Second); g.count(cause) < 2; {
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions ended because of it\n%s", g.count(cause), g.tail())
		}
		<-time.After(pollEvery)
	}
}

// count is how many lines of the log have the text.
func (g *gateway) count(text string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, line := range g.logs {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
