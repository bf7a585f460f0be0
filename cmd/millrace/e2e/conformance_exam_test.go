package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"millrace/transmux/rtc/peer"
)

const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
	typeJSON     = "application/json"
)

// protocol is what differs between the two.
type protocol struct {
	name, path string
	direction  string // of a client's offer
	answered   string // the direction of what answers it
	forbidden  []string
	lines      []string
	rows       []row
}

// exam is one row's run: an HTTP client of its own and the gateway.
type exam struct {
	*testing.T
	*protocol
	g *gateway
}

// endpoint is where a client of the protocol goes: WHIP to a stream that nobody
// publishes, WHEP to one that is there.
func (e *exam) endpoint() string {
	if e.name == "WHEP" {
		return e.g.url(e.path + "live/there")
	}
	return e.g.url(e.path + "exam/" + regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(e.Name(), "-"))
}

// elseStream is an endpoint for one more session beside the row's.
func (e *exam) elseStream() string {
	if e.name == "WHEP" {
		return e.endpoint()
	}
	return e.endpoint() + "-else"
}

// do makes a request. Headers are names and values in turn.
func (e *exam) do(method, to, body string, headers ...string) (*http.Response, string) {
	e.Helper()
	request, err := http.NewRequestWithContext(withDeadline(e.T, patience), method, to, strings.NewReader(body))
	if err != nil {
		e.Fatal(err)
	}
	request.Header.Set("Origin", "https://elsewhere.example")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		e.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		e.Fatal(err)
	}
	if status := response.StatusCode; status == http.StatusMovedPermanently || status == http.StatusFound || status >= 500 && status != http.StatusServiceUnavailable {
		e.Errorf("%s %s gives %s", method, to, response.Status)
	}
	return response, string(b)
}

// want makes a request and wants one of those statuses; 4 stands for any 4xx.
func (e *exam) want(statuses []int, method, to, body string, headers ...string) (*http.Response, string) {
	e.Helper()
	response, text := e.do(method, to, body, headers...)
	for _, status := range statuses {
		if response.StatusCode == status || response.StatusCode/100 == status {
			return response, text
		}
	}
	e.Errorf("%s %s %v gives %s, not %v: %s", method, to, headers, response.Status, statuses, text)
	return response, text
}

func is(statuses ...int) []int { return statuses }

// any4xx is what "rejects" means where no status is named.
var any4xx = is(4)

// offered posts a good offer and wants a session of it.
func (e *exam) offered(headers ...string) *session {
	e.Helper()
	return e.offers(e.offer(), headers...)
}

func (e *exam) offers(sdp string, headers ...string) *session {
	e.Helper()
	return e.offersAt(e.endpoint(), sdp, headers...)
}

func (e *exam) offersAt(endpoint, sdp string, headers ...string) *session {
	e.Helper()
	response, body := e.want(is(http.StatusCreated), http.MethodPost, endpoint, sdp, append(headers, "Content-Type", typeSDP)...)
	if response.StatusCode != http.StatusCreated {
		e.FailNow()
	}
	return e.sessionOf(response, body)
}

// sessionOf is the session that an answer tells of; it ends with the row.
func (e *exam) sessionOf(response *http.Response, sdp string) *session {
	e.Helper()
	at, err := response.Request.URL.Parse(response.Header.Get("Location"))
	if err != nil || response.Header.Get("Location") == "" {
		e.Fatalf("Location %q: %v", response.Header.Get("Location"), err)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != typeSDP {
		e.Errorf("the SDP is %q", response.Header.Get("Content-Type"))
	}
	s := &session{
		e: e, url: at.String(), etag: response.Header.Get("ETag"), header: response.Header,
		sdp: parseSDP(e.T, sdp), ufrag: "abcd",
	}
	e.Cleanup(func() {
		if r, err := http.NewRequest(http.MethodDelete, s.url, nil); err == nil {
			if response, err := http.DefaultClient.Do(r); err == nil {
				response.Body.Close()
			}
		}
	})
	return s
}

// session is one that was begun by hand.
type session struct {
	e         *exam
	url, etag string
	header    http.Header
	sdp       *description
	ufrag     string // ours
}

// trickle sends a fragment of the present ICE session's.
func (s *session) trickle(statuses []int, lines string, headers ...string) (*http.Response, string) {
	s.e.Helper()
	return s.patch(statuses, s.ufrag, lines, headers...)
}

// patch sends a fragment under some user fragment.
func (s *session) patch(statuses []int, ufrag, lines string, headers ...string) (*http.Response, string) {
	s.e.Helper()
	body := "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" + lines
	return s.e.want(statuses, http.MethodPatch, s.url, body, append(headers, "Content-Type", typeFragment)...)
}

const hostCandidate = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"

// problem wants an error that says what is wrong.
func (e *exam) problem(response *http.Response, body string) {
	e.Helper()
	var p peer.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || response.Header.Get("Content-Type") != "application/problem+json" || p.Detail == "" || p.Status != response.StatusCode {
		e.Errorf("%s is no problem that is explained: %s", response.Status, body)
	}
}

// offer is a good offer of one video and one audio track, in the direction that
// the protocol's clients have.
func (e *exam) offer() string { return offerOf(e.direction, "actpass", mVideo, mAudio) }

// The m-lines of offers.
const (
	mVideo = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n" +
		"a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
	mAudio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
	mOther = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 theora/90000\r\n"
)

// offerOf joins m-lines to an offer.
func offerOf(direction, setup string, media ...string) string {
	var mids, sections string
	for i, m := range media {
		mids += fmt.Sprint(" ", i)
		sections += m + "c=IN IP4 0.0.0.0\r\n" + fmt.Sprintf("a=mid:%d\r\n", i) + "a=" + direction + "\r\na=rtcp-mux\r\na=rtcp-mux-only\r\na=setup:" + setup +
			"\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=ice-options:trickle\r\na=fingerprint:sha-256 " +
			strings.TrimSuffix(strings.Repeat("AB:", 32), ":") + "\r\n"
		if direction != "recvonly" {
			sections += fmt.Sprintf("a=msid:stream track%d\r\n", i)
		}
	}
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE" + mids + "\r\n" + sections
}

// description is an SDP, in sections of lines: the session's and each m-line's.
type description struct {
	session []string
	media   [][]string
}

// parseSDP wants it to be SDP (RFC 8866 section 5) as far as its lines go.
func parseSDP(t *testing.T, raw string) *description {
	t.Helper()
	d := &description{}
	for line := range strings.SplitSeq(strings.TrimSuffix(raw, "\r\n"), "\r\n") {
		if len(line) < 2 || line[1] != '=' {
			t.Fatalf("%q is no line of SDP", line)
		}
		if line[0] == 'm' {
			d.media = append(d.media, nil)
		}
		if n := len(d.media); n > 0 {
			d.media[n-1] = append(d.media[n-1], line)
		} else {
			d.session = append(d.session, line)
		}
	}
	if len(d.session) == 0 || d.session[0] != "v=0" || len(d.media) == 0 {
		t.Fatalf("it is no session description: %s", raw)
	}
	return d
}

// values are those of an attribute in the section, or else in the session's.
func (d *description) values(section []string, name string) (values []string) {
	for _, lines := range [][]string{section, d.session} {
		for _, line := range lines {
			if rest, ok := strings.CutPrefix(line, "a="+name); ok && (rest == "" || rest[0] == ':') {
				values = append(values, strings.TrimPrefix(rest, ":"))
			}
		}
		if values != nil {
			return values
		}
	}
	return nil
}

// value is the first of them.
func (d *description) value(section []string, name string) string {
	if v := d.values(section, name); v != nil {
		return v[0]
	}
	return ""
}

// has is whether there is such an attribute.
func (d *description) has(section []string, name string) bool { return d.values(section, name) != nil }

// link is a Link header field, read.
type link struct {
	target     string
	parameters map[string]string
	raw        string
}

var linkParameter = regexp.MustCompile(`;\s*([a-zA-Z0-9-]+)=("(?:[^"\\]|\\.)*")`)

// links reads the Link fields: every parameter must be quoted.
func links(e *exam, h http.Header) (all []link) {
	e.Helper()
	for _, raw := range h.Values("Link") {
		l := link{raw: raw, parameters: map[string]string{}}
		end := strings.IndexByte(raw, '>')
		if !strings.HasPrefix(raw, "<") || end < 0 {
			e.Errorf("Link: %s", raw)
			continue
		}
		l.target = raw[1:end]
		if _, err := url.Parse(l.target); err != nil {
			e.Errorf("Link: %s: %v", raw, err)
		}
		rest := raw[end+1:]
		for _, m := range linkParameter.FindAllStringSubmatch(rest, -1) {
			l.parameters[m[1]] = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.Trim(m[2], `"`))
		}
		if left := strings.TrimSpace(linkParameter.ReplaceAllString(rest, "")); left != "" {
			e.Errorf("Link: %s: what is %q?", raw, left)
		}
		all = append(all, l)
	}
	return all
}
