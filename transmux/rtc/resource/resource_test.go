package resource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"go.uber.org/goleak"

	"millrace/transmux/problem"
	"millrace/transmux/rtc/sender"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is an endpoint that takes every offer of "good", and one session for all.
type desk struct {
	mu      sync.Mutex
	token   string // needed, if there is one
	refuse  error  // of restarts
	ufrag   string // the peer's
	counter bool   // answers with an offer
	closed  int
	last    Request
}

func (d *desk) Accept(_ context.Context, r Request) ([]byte, Session, error) {
	if err := d.Authorize(context.Background(), r.Credential); err != nil {
		return nil, nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last, d.ufrag = r, "first"
	switch {
	case string(r.Offer) == "over":
		r.Ended()
	case string(r.Offer) != "good":
		return nil, nil, problem.New(http.StatusConflict, "It is not good.").After(RetrySoon)
	case d.counter:
		return []byte("our offer"), &counter{d}, nil
	}
	return []byte("answer"), d, nil
}

func (d *desk) Agent() Agent { return d }

func (d *desk) Authorize(_ context.Context, credential string) error {
	if d.token != "" && credential != d.token {
		return problem.New(http.StatusUnauthorized, "Show your token.")
	}
	return nil
}

func (d *desk) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed++
}

func (d *desk) RemoteUfrag() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ufrag
}

func (d *desk) Restart(ufrag, _ string) (sender.Local, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return sender.Local{}, d.refuse
	}
	d.ufrag = ufrag
	return sender.Local{Ufrag: "ours-to-" + ufrag, Pwd: "a-password-of-twenty-two"}, nil
}

func (d *desk) Candidates(netip.Addr) []string {
	return []string{"1 1 udp 2130706431 192.0.2.1 8000 typ host"}
}

func (d *desk) Links(path string) []Link {
	return []Link{{Target: path + "/more", Rel: "urn:x", Parameters: []string{"what", `all of "it"`}}}
}

func (d *desk) ServeBelow(w http.ResponseWriter, r *http.Request, path, rest string) {
	fmt.Fprint(w, r.Method, " ", strings.HasPrefix(path, sessionsPath), " ", rest)
}

// counter is a desk's offer.
type counter struct{ *desk }

func (c *counter) Answer(_ context.Context, answer []byte) (Session, error) {
	if string(answer) != "good" {
		return nil, problem.New(http.StatusBadRequest, "It is not good.")
	}
	return c.desk, nil
}

// front is a desk behind HTTP.
type front struct {
	*desk
	t   *testing.T
	url string
}

func open(t *testing.T, cfg Config) *front {
	t.Helper()
	d := &desk{}
	room := New(cfg)
	router := chi.NewRouter()
	room.Routes(router)
	room.Mount(router, "/in/", d)
	room.MountPlayer(router, "/out/", d)
	server := httptest.NewServer(router)
	t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return &front{d, t, server.URL}
}

// do makes a request; headers are names and values in turn.
func (f *front) do(method, path, body string, headers ...string) (*http.Response, string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	if response.Header.Get("Access-Control-Allow-Origin") != "*" && response.StatusCode != http.StatusMethodNotAllowed {
		f.t.Errorf("%s %s: a page from elsewhere may not read the answer", method, path)
	}
	return response, string(b)
}

// want makes a request and wants that status of it.
func (f *front) want(status int, method, path, body string, headers ...string) *http.Response {
	f.t.Helper()
	response, text := f.do(method, path, body, headers...)
	if response.StatusCode != status {
		f.t.Errorf("%s %s %v gives %s, want %d: %s", method, path, headers, response.Status, status, text)
	}
	return response
}

const contentTypeHeader = "Content-Type"

// session begins one, and returns its path and entity tag.
func (f *front) session() (path, etag string) {
	f.t.Helper()
	r := f.want(http.StatusCreated, http.MethodPost, "/in/live/x", "good", contentTypeHeader, "application/sdp")
	return r.Header.Get("Location"), r.Header.Get("ETag")
}

func TestASessionComesAndGoes(t *testing.T) {
	f := open(t, Config{ICEServers: []ICEServer{{URL: "stun:stun.example.org"}, {URL: "turn:turn.example.org?transport=udp", Username: "u", Credential: `p"w\`}}})
	r, body := f.do(http.MethodPost, "/out/live/x?token=t", "good", contentTypeHeader, "Application/SDP; charset=utf-8")
	if r.StatusCode != http.StatusCreated || body != "answer" || r.Header.Get(contentTypeHeader) != "application/sdp" {
		t.Errorf("%s %s %v", r.Status, body, r.Header)
	}
	want := []string{
		`<stun:stun.example.org>; rel="ice-server"`,
		`<turn:turn.example.org?transport=udp>; rel="ice-server"; username="u"; credential="p\"w\\"; credential-type="password"`,
		`<` + r.Header.Get("Location") + `/more>; rel="urn:x"; what="all of \"it\""`,
	}
	if got := r.Header.Values("Link"); !slices.Equal(got, want) {
		t.Errorf("Link: %q", got)
	}
	if f.last.Stream != "live/x" || f.last.Credential != "t" || !f.last.Peer.Addr().IsLoopback() || len(f.last.ID) < 22 {
		t.Errorf("%+v", f.last)
	}
	at := r.Header.Get("Location")
	f.want(http.StatusNoContent, http.MethodGet, at, "")
	f.want(http.StatusNoContent, http.MethodHead, at, "")
	f.want(http.StatusOK, http.MethodDelete, at, "", "If-Match", `"another"`)
	if f.closed != 1 {
		t.Errorf("closed %d times", f.closed)
	}
	for _, method := range []string{http.MethodDelete, http.MethodPatch, http.MethodGet, http.MethodHead} {
		f.want(http.StatusNotFound, method, at, "", contentTypeHeader, typeFragment)
	}
	f.want(http.StatusNotFound, http.MethodGet, at+"/more", "")
}

func TestASessionThatEndsAtOnceIsNotKept(t *testing.T) {
	f := open(t, Config{})
	r := f.want(http.StatusCreated, http.MethodPost, "/in/x", "over", contentTypeHeader, "application/sdp")
	f.want(http.StatusNotFound, http.MethodDelete, r.Header.Get("Location"), "")
}

func TestOffersThatDoNotGetThatFar(t *testing.T) {
	f := open(t, Config{})
	f.want(http.StatusUnsupportedMediaType, http.MethodPost, "/in/x", "good")
	f.want(http.StatusUnsupportedMediaType, http.MethodPost, "/in/x", "good", contentTypeHeader, "text/plain")
	f.want(http.StatusUnsupportedMediaType, http.MethodPost, "/in/x", "good", contentTypeHeader, ";;;")
	f.want(http.StatusBadRequest, http.MethodPost, "/in/x", "", contentTypeHeader, typeSDP)
	f.want(http.StatusRequestEntityTooLarge, http.MethodPost, "/in/x", strings.Repeat("x", maxSDP+1), contentTypeHeader, typeSDP)
	r := f.want(http.StatusConflict, http.MethodPost, "/in/x", "bad", contentTypeHeader, typeSDP)
	if r.Header.Get("Retry-After") != "2" || r.Header.Get(contentTypeHeader) != "application/problem+json" || r.Header.Get("ETag") != "" {
		t.Errorf("%v", r.Header)
	}
}

func TestWhoAsksWhatThereIs(t *testing.T) {
	f := open(t, Config{ICEServers: []ICEServer{{URL: "stun:stun.example.org"}}})
	at, _ := f.session()
	for path, head := range map[string]int{"/in/x": http.StatusNoContent, "/out/x": http.StatusOK, at: http.StatusNoContent} {
		f.want(http.StatusNoContent, http.MethodGet, path, "")
		if r := f.want(head, http.MethodHead, path, ""); head == http.StatusOK && r.Header.Get(contentTypeHeader) != typeSDP {
			t.Errorf("HEAD %s: %v", path, r.Header)
		}
		r := f.want(http.StatusOK, http.MethodOptions, path, "", "Origin", "https://x.example", "Access-Control-Request-Method", "POST")
		for header, words := range map[string][]string{
			"Access-Control-Allow-Methods": {"POST", "PATCH", "DELETE", "OPTIONS"},
			"Access-Control-Allow-Headers": {"Authorization", "Content-Type", "If-Match"},
		} {
			for _, word := range words {
				if !strings.Contains(r.Header.Get(header), word) {
					t.Errorf("%s: %s is %q", path, header, r.Header.Get(header))
				}
			}
		}
		if r.Header.Get("Link") != "" {
			t.Errorf("%s: a preflight names ICE servers", path)
		}
	}
	if r := f.want(http.StatusOK, http.MethodOptions, "/in/x", ""); r.Header.Get("Accept-Post") != typeSDP {
		t.Errorf("%v", r.Header)
	}
	if r := f.want(http.StatusOK, http.MethodOptions, at, ""); r.Header.Get("Accept-Patch") != typeFragment {
		t.Errorf("%v", r.Header)
	}
}

const (
	trickle = "a=ice-ufrag:first\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n" + section + candidate
	restart = "a=ice-ufrag:second\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n" + section + candidate
)

func TestTrickling(t *testing.T) {
	f := open(t, Config{})
	at, etag := f.session()
	if !strings.HasPrefix(etag, `"`) || !strings.HasSuffix(etag, `"`) || len(etag) < 8 {
		t.Fatalf("ETag: %s", etag)
	}
	for _, match := range []string{etag, "*", `"*"`, `"other", ` + etag} {
		r, body := f.do(http.MethodPatch, at, trickle, contentTypeHeader, typeFragment, "If-Match", match)
		if r.StatusCode != http.StatusNoContent || body != "" || r.Header.Get("ETag") != "" {
			t.Errorf("If-Match: %s gives %s %q %q", match, r.Status, body, r.Header.Get("ETag"))
		}
	}
	f.want(http.StatusNoContent, http.MethodPatch, at, section+candidate, contentTypeHeader, typeFragment, "If-Match", etag)
	f.want(http.StatusPreconditionRequired, http.MethodPatch, at, trickle, contentTypeHeader, typeFragment)
	for _, match := range []string{`"other"`, "W/" + etag, strings.Trim(etag, `"`), ","} {
		f.want(http.StatusPreconditionFailed, http.MethodPatch, at, trickle, contentTypeHeader, typeFragment, "If-Match", match)
	}
	if r := f.want(http.StatusUnsupportedMediaType, http.MethodPatch, at, trickle, contentTypeHeader, typeSDP, "If-Match", etag); r.Header.Get("Accept-Patch") != typeFragment {
		t.Errorf("%v", r.Header)
	}
	f.want(http.StatusUnsupportedMediaType, http.MethodPatch, at, trickle, "If-Match", etag)
	f.want(http.StatusBadRequest, http.MethodPatch, at, "hello", contentTypeHeader, typeFragment, "If-Match", etag)
	f.want(http.StatusBadRequest, http.MethodPatch, at, "", contentTypeHeader, typeFragment, "If-Match", etag)
	f.want(http.StatusRequestEntityTooLarge, http.MethodPatch, at, strings.Repeat(candidate, 10_000), contentTypeHeader, typeFragment, "If-Match", etag)
	f.want(http.StatusNotFound, http.MethodPatch, "/sessions/none", trickle, contentTypeHeader, typeFragment, "If-Match", etag)
}

func TestRestarts(t *testing.T) {
	f := open(t, Config{})
	at, first := f.session()
	r, body := f.do(http.MethodPatch, at, restart, contentTypeHeader, typeFragment, "If-Match", "*")
	second := r.Header.Get("ETag")
	if r.StatusCode != http.StatusOK || r.Header.Get(contentTypeHeader) != typeFragment || second == first || second == "" {
		t.Errorf("%s %v", r.Status, r.Header)
	}
	for _, want := range []string{"a=ice-ufrag:ours-to-second", "a=ice-pwd:", "a=candidate:", "a=ice-options:trickle", "a=end-of-candidates", "a=mid:0"} {
		if !strings.Contains(body, want) {
			t.Errorf("the answer has no %s: %s", want, body)
		}
	}
	old := strings.Replace(trickle, "first", "second", 1)
	f.want(http.StatusPreconditionFailed, http.MethodPatch, at, old, contentTypeHeader, typeFragment, "If-Match", first)
	f.want(http.StatusPreconditionFailed, http.MethodPatch, at, trickle, contentTypeHeader, typeFragment, "If-Match", first)
	f.want(http.StatusNoContent, http.MethodPatch, at, old, contentTypeHeader, typeFragment, "If-Match", second)
	f.want(http.StatusPreconditionRequired, http.MethodPatch, at, trickle, contentTypeHeader, typeFragment)

	third := strings.Replace(restart, "second", "third", 1)
	f.refuse = errors.New("no fragment to be had")
	r = f.want(http.StatusServiceUnavailable, http.MethodPatch, at, third, contentTypeHeader, typeFragment, "If-Match", "*")
	if r.Header.Get("ETag") != "" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%v", r.Header)
	}
	f.want(http.StatusNoContent, http.MethodPatch, at, old, contentTypeHeader, typeFragment, "If-Match", second)
	f.refuse = sender.ErrClosed
	f.want(http.StatusNotFound, http.MethodPatch, at, third, contentTypeHeader, typeFragment, "If-Match", "*")
}

// TestPatchesThatOverlap: clients may send them without waiting; each is answered
// by the rules, and none breaks anything.
func TestPatchesThatOverlap(t *testing.T) {
	f := open(t, Config{})
	at, _ := f.session()
	var work sync.WaitGroup
	tags := make([]string, 20)
	for i := range tags {
		work.Go(func() {
			again := strings.Replace(restart, "second", fmt.Sprint("again-", i), 1)
			r, body := f.do(http.MethodPatch, at, again, contentTypeHeader, typeFragment, "If-Match", `"*"`)
			if r.StatusCode != http.StatusOK {
				t.Errorf("%s %s", r.Status, body)
			}
			tags[i] = r.Header.Get("ETag")
		})
	}
	work.Wait()
	slices.Sort(tags)
	if len(slices.Compact(tags)) != 20 {
		t.Errorf("entity tags came twice: %v", tags)
	}
}

func TestCredentials(t *testing.T) {
	f := open(t, Config{})
	f.token = "secret"
	bearer := []string{"Authorization", "bearer secret"}
	r := f.want(http.StatusUnauthorized, http.MethodPost, "/in/x", "good", contentTypeHeader, typeSDP)
	if !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%v", r.Header)
	}
	f.want(http.StatusUnauthorized, http.MethodPost, "/in/x", "good", contentTypeHeader, typeSDP, "Authorization", "Basic c2VjcmV0")
	f.want(http.StatusOK, http.MethodOptions, "/in/x", "")
	r = f.want(http.StatusCreated, http.MethodPost, "/in/x", "good", append(bearer, contentTypeHeader, typeSDP)...)
	at, etag := r.Header.Get("Location"), r.Header.Get("ETag")
	f.want(http.StatusUnauthorized, http.MethodPatch, at, trickle, contentTypeHeader, typeFragment, "If-Match", etag)
	f.want(http.StatusNoContent, http.MethodPatch, at, trickle, append(bearer, contentTypeHeader, typeFragment, "If-Match", etag)...)
	f.want(http.StatusUnauthorized, http.MethodPost, at+"/more", "")
	f.want(http.StatusOK, http.MethodPost, at+"/more", "", bearer...)
	if _, body := f.do(http.MethodGet, at+"/more/still", ""); body != "GET true more/still" {
		t.Errorf("below it is %q", body)
	}
	r = f.want(http.StatusUnauthorized, http.MethodDelete, at, "")
	if r.Header.Get("WWW-Authenticate") == "" || f.closed != 0 {
		t.Errorf("%v, closed %d times", r.Header, f.closed)
	}
	f.want(http.StatusOK, http.MethodDelete, at+"?token=secret", "")
}

func TestOffersOfOurs(t *testing.T) {
	f := open(t, Config{})
	f.counter = true
	r, body := f.do(http.MethodPost, "/out/x", "good", contentTypeHeader, typeSDP)
	at, etag := r.Header.Get("Location"), r.Header.Get("ETag")
	if r.StatusCode != http.StatusNotAcceptable || body != "our offer" || r.Header.Get(contentTypeHeader) != typeSDP || at == "" || etag == "" {
		t.Fatalf("%s %s %v", r.Status, body, r.Header)
	}
	f.want(http.StatusConflict, http.MethodPatch, at, restart, contentTypeHeader, typeFragment, "If-Match", "*")
	f.want(http.StatusBadRequest, http.MethodPatch, at, "bad", contentTypeHeader, typeSDP)
	f.want(http.StatusBadRequest, http.MethodPatch, at, "", contentTypeHeader, typeSDP)
	f.want(http.StatusPreconditionFailed, http.MethodPatch, at, "good", contentTypeHeader, typeSDP, "If-Match", `"other"`)
	f.want(http.StatusNoContent, http.MethodPatch, at, "good", contentTypeHeader, typeSDP)
	f.want(http.StatusUnsupportedMediaType, http.MethodPatch, at, "good", contentTypeHeader, typeSDP) // once is enough
	f.want(http.StatusNoContent, http.MethodPatch, at, trickle, contentTypeHeader, typeFragment, "If-Match", etag)
	f.want(http.StatusOK, http.MethodDelete, at, "")
}

func TestTooManyRequests(t *testing.T) {
	f := open(t, Config{Rate: 1})
	at, _ := f.session()
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
		path := "/sessions/none"
		if method == http.MethodPost {
			path = "/in/x"
		}
		var r *http.Response
		for range 10 * burstSeconds { // a busy machine's clock goes on meanwhile
			if r, _ = f.do(method, path, ""); r.StatusCode == http.StatusTooManyRequests {
				break
			}
		}
		if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != "1" {
			t.Errorf("%s gives %s %v", method, r.Status, r.Header)
		}
	}
	f.want(http.StatusNoContent, http.MethodGet, at, "")
	f.want(http.StatusOK, http.MethodOptions, at, "")
}
