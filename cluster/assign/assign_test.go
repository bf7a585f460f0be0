package assign

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"millrace/cluster/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret of the tests, long enough"

// phonebook is a Directory.
type phonebook []directory.Peer

func (b phonebook) Nodes() []directory.Peer { return b }

func (b phonebook) Node(id string) (directory.Peer, bool) {
	for _, p := range b {
		if p.ID == id {
			return p, true
		}
	}
	return directory.Peer{}, false
}

// site is a node whose own answers tell who gave them, and to whom.
func site(t *testing.T, id string, book *phonebook, policy Policy, secret string) *httptest.Server {
	t.Helper()
	networks, err := ParseNetworks([]string{"127.0.0.0/8=here", "127.9.0.0/16=far"})
	if err != nil {
		t.Fatal(err)
	}
	room, err := New(Config{Self: id, Policy: policy, Networks: networks, Secret: secret}, lazy{book}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(room.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasSuffix(r.URL.Path, "/events") {
			for i := range 3 {
				fmt.Fprintf(w, "data: %d\n\n", i)
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
			return
		}
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintf(w, "%s %s %s?%s for %s: %s", id, r.Method, r.URL.Path, r.URL.RawQuery, host, body)
	})))
	t.Cleanup(func() { room.Close(); s.Close() })
	return s
}

// lazy is a phonebook that is written after the sites are there.
type lazy struct{ book *phonebook }

func (l lazy) Nodes() []directory.Peer               { return l.book.Nodes() }
func (l lazy) Node(id string) (directory.Peer, bool) { return l.book.Node(id) }

func ask(t *testing.T, client *http.Client, method, at, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), answer.Header
}

func client(t *testing.T, follow bool) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := &http.Client{Transport: transport}
	if !follow {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}

func pair(t *testing.T, policy Policy) (a, b *httptest.Server) {
	t.Helper()
	var book phonebook
	a = site(t, "a", &book, policy, secret)
	b = site(t, "b", &book, policy, secret)
	book = phonebook{node("a", "here", "origin", 0), node("b", "here", "origin", 0)}
	book[0].HTTP, book[1].HTTP = a.URL, b.URL
	return a, b
}

func TestRedirect(t *testing.T) {
	var book phonebook
	origin := site(t, "origin", &book, ByRole, secret)
	edge := site(t, "edge", &book, ByRole, secret)
	book = phonebook{node("origin", "here", "origin", 0), node("edge", "here", "edge", 0)}
	book[0].HTTP, book[1].HTTP = origin.URL, edge.URL

	status, _, header := ask(t, client(t, false), "POST", origin.URL+"/whep/live/demo?token=x", "offer")
	to, err := url.Parse(header.Get("Location"))
	if err != nil || status != http.StatusTemporaryRedirect || "http://"+to.Host != edge.URL || to.Path != "/whep/live/demo" ||
		to.Query().Get("token") != "x" || header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d, %v", status, header)
	}
	if _, text, _ := ask(t, client(t, true), "POST", origin.URL+"/whep/live/demo", "offer"); text != "edge POST /whep/live/demo?redirected=origin for 127.0.0.1: offer" {
		t.Errorf("followed: %s", text)
	}
	if _, text, _ := ask(t, client(t, true), "POST", edge.URL+"/whip/live/demo", "offer"); !strings.HasPrefix(text, "origin POST") {
		t.Errorf("a publisher: %s", text)
	}
	// Who was sent once is not sent again, however that came.
	if _, text, _ := ask(t, client(t, false), "POST", origin.URL+"/whep/live/demo?redirected=edge", "offer"); !strings.HasPrefix(text, "origin POST") {
		t.Errorf("sent again: %s", text)
	}
	for _, other := range []string{"GET", "OPTIONS"} {
		if _, text, _ := ask(t, client(t, false), other, origin.URL+"/whep/live/demo", ""); !strings.HasPrefix(text, "origin "+other) {
			t.Errorf("%s: %s", other, text)
		}
	}
}

func TestByRegion(t *testing.T) {
	var book phonebook
	near := site(t, "near", &book, ByLoad, secret)
	far := site(t, "far", &book, ByLoad, secret)
	book = phonebook{node("near", "here", "any", 0), node("far", "far", "any", 0)}
	book[0].HTTP, book[1].HTTP = near.URL, far.URL
	for hint, want := range map[string]string{"": "near", "far": "far", "nowhere": "near"} {
		_, text, _ := ask(t, client(t, true), "POST", near.URL+"/whep/x", "", "X-Region", hint)
		if !strings.HasPrefix(text, want+" ") {
			t.Errorf("header %q: %s", hint, text)
		}
		_, text, _ = ask(t, client(t, true), "POST", near.URL+"/whep/x?region="+hint, "")
		if !strings.HasPrefix(text, want+" ") {
			t.Errorf("query %q: %s", hint, text)
		}
	}
	// By its address the client is near.
	if _, text, _ := ask(t, client(t, true), "POST", far.URL+"/whep/x", ""); !strings.HasPrefix(text, "near ") {
		t.Errorf("by address: %s", text)
	}
}

func TestASessionIsReachedThroughAnyNode(t *testing.T) {
	a, b := pair(t, Never)
	for _, method := range []string{"PATCH", "DELETE", "POST", "GET"} {
		_, text, _ := ask(t, client(t, false), method, a.URL+"/sessions/b~secret/layer?x=1", "body")
		if text != "b "+method+" /sessions/b~secret/layer?x=1 for 127.0.0.1: body" {
			t.Errorf("%s: %s", method, text)
		}
	}
	if _, text, _ := ask(t, client(t, false), "DELETE", b.URL+"/sessions/b~secret", ""); !strings.HasPrefix(text, "b DELETE") {
		t.Errorf("at its own node: %s", text)
	}
	if _, text, _ := ask(t, client(t, false), "DELETE", a.URL+"/sessions/plain", ""); !strings.HasPrefix(text, "a DELETE") {
		t.Errorf("without a node: %s", text)
	}
	if status, text, _ := ask(t, client(t, false), "DELETE", a.URL+"/sessions/gone~secret", ""); status != http.StatusNotFound {
		t.Errorf("of a node that is gone: %d %s", status, text)
	}
	b.Close()
	if status, text, header := ask(t, client(t, false), "DELETE", a.URL+"/sessions/b~secret", ""); status != http.StatusBadGateway || header.Get("Retry-After") == "" {
		t.Errorf("of a node that does not answer: %d %s", status, text)
	}
}

func TestEventsComeThroughAtOnce(t *testing.T) {
	a, _ := pair(t, Never)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", a.URL+"/sessions/b~secret/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client(t, false).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for i := 0; i < 3; {
		if !lines.Scan() {
			t.Fatalf("after %d events: %v", i, lines.Err())
		}
		if lines.Text() == fmt.Sprintf("data: %d", i) {
			i++
		}
	}
}

// TestNodesThatDisagree: a request goes over one other node at most, and what a
// client writes into the header is not believed.
func TestNodesThatDisagree(t *testing.T) {
	var book phonebook
	a := site(t, "a", &book, Never, secret)
	b := site(t, "b", &book, Never, secret)
	stranger := site(t, "stranger", &book, Never, "another secret, as long as it must be")
	book = phonebook{node("a", "here", "any", 0), node("c", "here", "any", 0), node("b", "", "any", 0)}
	book[0].HTTP, book[1].HTTP, book[2].HTTP = a.URL, a.URL, b.URL // c's address is a's, by mistake
	if status, text, _ := ask(t, client(t, false), "DELETE", a.URL+"/sessions/c~secret", ""); status != http.StatusBadGateway {
		t.Errorf("%d %s", status, text)
	}
	now := fmt.Sprint(time.Now().Unix())
	for _, forged := range []string{"b 192.0.2.1:5 " + now + " AAAA", "b 192.0.2.1:5 " + now, "   ", "a b c d e"} {
		if _, text, _ := ask(t, client(t, false), "DELETE", a.URL+"/sessions/x", "", markHeader, forged); !strings.Contains(text, "for 127.0.0.1:") {
			t.Errorf("%q is believed: %s", forged, text)
		}
	}
	if _, text, _ := ask(t, client(t, false), "DELETE", stranger.URL+"/sessions/b~secret", ""); !strings.Contains(text, "for 127.0.0.1:") {
		t.Errorf("a stranger's mark: %s", text)
	}
}

func TestMark(t *testing.T) {
	m, err := newMark(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("DELETE", "/sessions/b~1", nil)
	m.write(r, "a", "192.0.2.1:5")
	if node, client, ok := m.read(r); !ok || node != "a" || client != "192.0.2.1:5" {
		t.Errorf("%s, %s, %v", node, client, ok)
	}
	other := httptest.NewRequest("DELETE", "/sessions/b~2", nil)
	other.Header = r.Header
	if _, _, ok := m.read(other); ok {
		t.Error("a mark is good for another session")
	}
	fields := strings.Fields(r.Header.Get(markHeader))
	said := fields[0] + " " + fields[1] + " " + fmt.Sprint(time.Now().Add(-time.Hour).Unix())
	r.Header.Set(markHeader, said+" "+m.proof(r, said))
	if _, _, ok := m.read(r); ok {
		t.Error("a mark is good for ever")
	}
}

func TestParseNetworks(t *testing.T) {
	table, err := ParseNetworks([]string{"10.0.0.0/8=eu", "10.1.0.0/16 = us", "2001:db8::/32=eu"})
	if err != nil || len(table) != 3 || table[0].Region != "eu" || table[1].Region != "us" {
		t.Errorf("%v, %v", table, err)
	}
	for _, bad := range []string{"", "10.0.0.0/8", "10.0.0.0=eu", "10.0.0.0/8=", "x=eu"} {
		if _, err := ParseNetworks([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
