package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// shown is the certificate that a listener shows for a name.
func shown(t *testing.T, at, name string) *x509.Certificate {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: name}} // it is looked at by the test
	conn, err := dialer.DialContext(withDeadline(t, patience), "tcp", at)
	if err != nil {
		return nil
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// replace puts a file in another's place at once.
func replace(t *testing.T, old, with string) {
	t.Helper()
	content, err := os.ReadFile(with)
	if err == nil {
		err = os.WriteFile(old+".new", content, 0o600)
	}
	if err == nil {
		err = os.Rename(old+".new", old)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// browser speaks HTTP/2, and does not look at certificates.
func browser(t *testing.T) *http.Client {
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// TestANewCertificateDisturbsNobody: files are renewed, and then broken, under
// publishers over RTMPS and RTSPS and a stream of events over HTTP/2.
func TestANewCertificateDisturbsNobody(t *testing.T) {
	t.Parallel()
	public, secret := certificate(t)
	g := start(t, "MILLRACE_HTTPS_ADDRESS=127.0.0.1:0", "MILLRACE_RTMPS_ADDRESS=127.0.0.1:0", "MILLRACE_RTSPS_ADDRESS=127.0.0.1:0",
		"MILLRACE_TLS_CERTIFICATE="+public, "MILLRACE_TLS_KEY="+secret)
	https, rtmps, rtsps := g.listening("https"), g.listening("rtmps"), g.listening("rtsps")
	overRTMP := secureFFmpeg(t, "-c", "copy", "-f", "flv", "rtmps://"+rtmps+"/live/a")
	overRTSP := secureFFmpeg(t, "-c", "copy", "-f", "rtsp", "-rtsp_transport", "tcp", "rtsps://"+rtsps+"/live/b")
	g.tracksOf("live/a", 2)
	g.tracksOf("live/b", 2)

	client := browser(t)
	events := follow(t, client, "https://"+https+"/api/v1/events")

	first := shown(t, https, "")
	next, key := certificate(t)
	replace(t, public, next)
	replace(t, secret, key)
	for _, at := range []string{https, rtmps, rtsps} {
		if err := poll(t.Context(), patience, func() bool { c := shown(t, at, ""); return c != nil && !c.Equal(first) }); err != nil {
			t.Fatalf("%s shows the old certificate: %v", at, err)
		}
	}
	second := shown(t, https, "")
	if err := os.WriteFile(secret, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), patience, func() bool { return g.said("the new certificate is not used") }); err != nil {
		t.Errorf("nobody said that the new key is none: %v", err)
	}
	if c := shown(t, rtmps, ""); c == nil || !c.Equal(second) {
		t.Error("the broken pair is in use")
	}
	overRTMP.running()
	overRTSP.running()
	g.tracksOf("live/a", 2)
	g.tracksOf("live/b", 2)
	// Longer than a write may take: a stream that is silent is none that is stuck.
	pass(t, 11*time.Second)
	before := len(events())
	overRTMP.kill()
	if err := poll(t.Context(), patience, func() bool { return strings.Contains(events()[before:], "publisher") }); err != nil {
		t.Errorf("the stream of events is silent: %q", events())
	}
}

// secureFFmpeg runs ffmpeg over a clip until the test ends.
func secureFFmpeg(t *testing.T, output ...string) *ffmpeg {
	t.Helper()
	f := &ffmpeg{t: t, exited: make(chan struct{})}
	f.cmd = exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", toneClip}, output...)...)
	f.cmd.Stderr = &f.stderr
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = f.cmd.Wait() // how it ends does not matter: it is killed
		close(f.exited)
	}()
	t.Cleanup(f.kill)
	return f
}

// follow opens a stream of server-sent events over HTTP/2, and gives what has come.
func follow(t *testing.T, client *http.Client, url string) func() string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%s %d %s", answer.Proto, answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for read := bufio.NewScanner(answer.Body); read.Scan(); {
			lines <- read.Text()
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = answer.Body.Close()
		for range lines { // it ends with the body
		}
	})
	var text strings.Builder
	return func() string {
		for {
			select {
			case line, more := <-lines:
				if more {
					text.WriteString(line + "\n")
					continue
				}
			default:
			}
			return text.String()
		}
	}
}

// TestCertificatesByACME gets one from Let's Encrypt's test authority, Pebble, once over
// each port; and the second start needs it no more.
func TestCertificatesByACME(t *testing.T) {
	t.Parallel()
	for _, challenge := range []string{"http-01", "tls-alpn-01"} {
		t.Run(challenge, func(t *testing.T) {
			plain, secure := freeNumber(t, "127.0.0.1"), freeNumber(t, "127.0.0.1")
			closed := freeNumber(t, "127.0.0.1") // where the other challenge finds nobody
			directory, root := authority(t, plain, closed)
			if challenge == "tls-alpn-01" {
				directory, root = authority(t, closed, secure)
			}
			settings := []string{
				"MILLRACE_HTTP_DOMAINS=live.example.org", fmt.Sprintf("MILLRACE_HTTP_ADDRESS=127.0.0.1:%d", plain),
				fmt.Sprintf("MILLRACE_HTTPS_ADDRESS=127.0.0.1:%d", secure), "MILLRACE_HTTP_HSTS=1h",
				"MILLRACE_ACME_DIRECTORY=" + directory, "MILLRACE_ACME_ROOT=" + root,
				"MILLRACE_ACME_EMAIL=operator@example.org", "MILLRACE_ACME_STORAGE=" + t.TempDir(),
			}
			g := start(t, settings...)
			https := g.listening("https")
			var got *x509.Certificate
			err := poll(t.Context(), 3*patience, func() bool { got = shown(t, https, "live.example.org"); return got != nil })
			if err != nil || got.VerifyHostname("live.example.org") != nil || !strings.HasPrefix(got.Issuer.CommonName, "Pebble") {
				t.Fatalf("%v: %+v\n%s", err, got, g.tail())
			}
			if nameless := shown(t, https, ""); nameless == nil || !nameless.Equal(got) {
				t.Error("who names no host gets no certificate")
			}
			leadsToHTTPS(t, g, secure)
			g.stop()
			again := start(t, settings...)
			if c := shown(t, again.listening("https"), "live.example.org"); c == nil || !c.Equal(got) {
				t.Errorf("the second start has another certificate\n%s", again.tail())
			}
		})
	}
}

// leadsToHTTPS looks at what is answered over HTTP, and how over HTTPS.
func leadsToHTTPS(t *testing.T, g *gateway, secure uint16) {
	t.Helper()
	client := browser(t)
	ask := func(method, url string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(url, "http:") {
			r.Host = "live.example.org"
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		return answer
	}
	if a := ask(http.MethodGet, g.url("/watch/x")); a.StatusCode != http.StatusTemporaryRedirect ||
		a.Header.Get("Location") != fmt.Sprintf("https://live.example.org:%d/watch/x", secure) {
		t.Errorf("%d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	if a := ask(http.MethodOptions, g.url("/whep/x")); a.StatusCode != http.StatusOK || a.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	if a := ask(http.MethodGet, "https://"+g.listening("https")+"/"); a.StatusCode != http.StatusOK || a.ProtoMajor != 2 ||
		a.Header.Get("Strict-Transport-Security") != "max-age=3600" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Errorf("%s %d %v", a.Proto, a.StatusCode, a.Header)
	}
}

// TestGuessersBehindAProxyAreToldApart: one who guesses keys is slowed down, and another
// behind the same proxy is not; who is no proxy cannot pretend.
func TestGuessersBehindAProxyAreToldApart(t *testing.T) {
	t.Parallel()
	for _, trusted := range []string{"127.0.0.0/8", "10.0.0.0/8"} {
		g := start(t, "MILLRACE_HTTP_TRUSTED_PROXIES="+trusted, "MILLRACE_AUTH_OPEN=play", `MILLRACE_AUTH_KEYS={obs: "a-key-that-is-long-enough"}`)
		guesses := 0
		guess := func(from string) int {
			guesses++ // the same one again would be a device that was set up wrong
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url("/metrics"), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", fmt.Sprint("Bearer guess", guesses))
			r.Header.Set("X-Forwarded-For", "203.0.113.77, "+from)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			return answer.StatusCode
		}
		if err := poll(t.Context(), patience, func() bool { return guess("198.51.100.1") == http.StatusTooManyRequests }); err != nil {
			t.Fatalf("nobody slowed the guesser down: %v", err)
		}
		want := http.StatusUnauthorized
		if trusted != "127.0.0.0/8" {
			want = http.StatusTooManyRequests
		}
		if got := guess("198.51.100.2"); got != want {
			t.Errorf("proxies in %s: another one behind it got %d, not %d", trusted, got, want)
		}
	}
}
