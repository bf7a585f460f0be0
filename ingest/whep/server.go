package whep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// dialTimeout and postTimeout bound a server that stalls; a busy one may take a
	// second or two, and one that starts a source of its own up to ten.
	dialTimeout = 5 * time.Second
	postTimeout = 20 * time.Second
	// leaveTimeout is for a farewell that only saves the server waiting.
	leaveTimeout = 2 * time.Second
	// maxRedirects is more than a cluster needs to say who has a stream.
	maxRedirects = 5
	maxAnswer    = 256 << 10 // bytes; an SDP is a few KiB
	maxProblem   = 8 << 10
	maxDetail    = 300 // characters of a server's words that are passed on
)

// newClient makes the HTTP client of all sessions. It follows redirects (a POST's
// only by 307 and 308, RFC 9110 section 15.4), but not from https to http.
func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext,
			TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: 64 << 10,
			// Requests are minutes apart; a goroutine for each server would be idle.
			DisableKeepAlives: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case len(via) > maxRedirects:
				return errors.New("it redirects again and again")
			case r.URL.Scheme != "https" && via[0].URL.Scheme == "https":
				return errors.New("it redirects from https to http")
			case r.Method != via[0].Method:
				return errors.New("it redirects by a status that does not keep the POST")
			}
			return nil
		},
	}
}

// server is a WHEP endpoint, and the session that it gave us.
type server struct {
	client  *http.Client
	url     *url.URL // without user info
	header  http.Header
	session *url.URL   // nil before there is one
	local   netip.Addr // an address of the server's
}

// newServer takes a token as user name without password, or a user name and a
// password (RFC 7617), out of the URL.
func newServer(client *http.Client, from *url.URL) (*server, error) {
	u := *from
	s := &server{client: client, url: &u, header: http.Header{}}
	if user := u.User; user != nil {
		if password, both := user.Password(); both {
			r := http.Request{Header: s.header}
			r.SetBasicAuth(user.Username(), password)
		} else {
			s.header.Set("Authorization", "Bearer "+user.Username())
		}
		u.User = nil
	}
	return s, nil
}

// peer is the server's address, if it is one or is known already.
func (s *server) peer() netip.Addr { return s.local }

// resolve finds an address of the server's, for the candidates that we name to it.
func (s *server) resolve(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", s.url.Hostname())
	if err != nil {
		return err
	}
	s.local = addrs[0].Unmap()
	return nil
}

// post offers and returns the answer.
func (s *server) post(ctx context.Context, offer func() []byte) ([]byte, error) {
	if err := s.resolve(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	r, err := s.do(ctx, http.MethodPost, s.url, offer())
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusCreated {
		return nil, refusalOf(r)
	}
	at, err := r.Request.URL.Parse(r.Header.Get("Location"))
	if err != nil || r.Header.Get("Location") == "" {
		return nil, errors.New("the server's 201 has no Location")
	}
	if at.Scheme == r.Request.URL.Scheme && at.Host == r.Request.URL.Host {
		s.session = at // one elsewhere is not to have our credentials
	}
	answer, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		s.leave(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return answer, nil
}

// leave deletes the session, if there is one. The server finds out else.
func (s *server) leave(ctx context.Context) {
	if s.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	if r, err := s.do(ctx, http.MethodDelete, s.session, nil); err == nil {
		_ = r.Body.Close()
	}
	s.session = nil
}

func (s *server) do(ctx context.Context, method string, to *url.URL, sdp []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(sdp))
	if err != nil {
		return nil, errors.New("the URL is not valid")
	}
	r.Header = s.header.Clone()
	if sdp != nil {
		r.Header.Set("Content-Type", "application/sdp")
		r.Header.Set("Accept", "application/sdp")
	}
	response, err := s.client.Do(r)
	var about *url.Error
	if errors.As(err, &about) {
		err = about.Err // it would name the URL, with what stands in its query
	}
	return response, err
}

// Refusal is a server's status that is no 201.
type Refusal struct {
	Status int
	Detail string // what the server says is wrong (RFC 9457), where it does
	After  time.Duration
}

// Error names the status and the server's words.
func (e *Refusal) Error() string {
	text := fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
	switch {
	case e.Detail != "":
		text += ": " + e.Detail
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		text += ": it wants another credential"
	case e.Status == http.StatusNotFound:
		text += ": is the URL that of a WHEP endpoint?"
	case e.Status == http.StatusNotAcceptable:
		text += ": it has none of the codecs that can be taken"
	}
	return text
}

// RetryAfter is when the server wants to be asked again, zero where it does not say.
func (e *Refusal) RetryAfter() time.Duration { return e.After }

func refusalOf(r *http.Response) error {
	e := &Refusal{Status: r.StatusCode}
	if s, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && s > 0 {
		e.After = time.Duration(min(s, 3600)) * time.Second
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxProblem))
	var problem struct{ Detail string }
	if err == nil && strings.Contains(r.Header.Get("Content-Type"), "json") && json.Unmarshal(body, &problem) == nil {
		e.Detail = harmless(problem.Detail)
	}
	return e
}

// harmless is what a server says, as it may stand in a log and on a page.
func harmless(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxDetail {
		s = string(runes[:maxDetail]) + "…"
	}
	return strings.TrimRight(s, ". ")
}
