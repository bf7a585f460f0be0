package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxCalls is how many requests may be on their way to the application.
	maxCalls = 64
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
	// maxAnswers bounds the answers that are kept, and longestAnswer for how long.
	maxAnswers    = 16 << 10
	longestAnswer = time.Hour
	// DefaultCallbackTimeout is how long the application may think.
	DefaultCallbackTimeout = 3 * time.Second
	// MaxCallbackTimeout is less than the gates give to the whole decision.
	MaxCallbackTimeout = 4500 * time.Millisecond
)

// CallbackConfig is an application that is asked over HTTP.
type CallbackConfig struct {
	URL     string
	Token   string        // sent as a bearer, so that the application knows who asks
	Timeout time.Duration // zero for DefaultCallbackTimeout
}

func (c *CallbackConfig) validate() error {
	if err := webAddress(c.URL); err != nil {
		return fmt.Errorf("the callback: %w", err)
	}
	return nil
}

// question is what the application is asked.
type question struct {
	Action   string `json:"action"`
	Stream   string `json:"stream,omitempty"`
	Protocol string `json:"protocol"`
	Address  string `json:"address"`
	User     string `json:"user,omitempty"`
	Token    string `json:"token,omitempty"` // or password
}

// reply is what it may add to a yes.
type reply struct {
	Expires time.Time `json:"expires"` // when the session is to end
	Bitrate int       `json:"bitrate"` // bits a second
	Viewers int       `json:"viewers"`
	User    string    `json:"user"` // whose limits these are
}

// caller asks the application.
type caller struct {
	cfg    CallbackConfig
	room   *Room
	client *http.Client
	places chan struct{}

	mu      sync.Mutex
	answers map[digest]decision
}

// decision is an answer, for as long as it holds.
type decision struct {
	until  time.Time
	permit Permit
	err    error
}

func newCaller(cfg CallbackConfig, room *Room) *caller {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultCallbackTimeout
	}
	return &caller{
		cfg: cfg, room: room, client: newClient(cfg.Timeout), places: make(chan struct{}, maxCalls),
		answers: make(map[digest]decision),
	}
}

func (c *caller) close() { c.client.CloseIdleConnections() }

// ask decides by what the application says, now or a moment ago. An application
// that cannot be asked, or says neither yes nor no, is a no.
func (c *caller) ask(ctx context.Context, q *Request) (Permit, error) {
	about, sum := c.question(q)
	if d, ok := c.known(sum, time.Now()); ok {
		return d.permit, d.err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		c.room.warn("access: more is to be decided than the callback answers", "waiting", maxCalls)
		return Permit{}, unavailable("who may do this is decided by an application that is too slow now: try again in a moment")
	}
	d, err := c.call(ctx, q, about)
	if err != nil {
		c.room.warn("access: the callback gave no answer, so the answer is no", "cause", err)
		return Permit{}, unavailable("who may do this is decided by an application that does not answer: try again in a moment")
	}
	if d.permit.Holder == "" {
		d.permit.Holder = "callback:" + sum.name()
	}
	c.keep(sum, d)
	return d.permit, d.err
}

// question is what is asked, and what its answer is kept under.
func (c *caller) question(q *Request) (question, digest) {
	about := question{q.Action.String(), q.Stream, q.Protocol, "", q.User, q.Credential}
	if addr := q.address(); addr.IsValid() {
		about.Address = addr.Unmap().String()
	}
	return about, c.room.digests.of(about.Action, about.Stream, about.Protocol, about.Address, about.User, about.Token)
}

// recall is a yes that still holds.
func (c *caller) recall(q *Request) (Permit, bool) {
	if q.Proves != nil {
		return Permit{}, false
	}
	_, sum := c.question(q)
	d, ok := c.known(sum, time.Now())
	return d.permit, ok && d.err == nil
}

// call makes the request and reads the answer.
func (c *caller) call(ctx context.Context, q *Request, about question) (decision, error) {
	c.room.stats.asked.Add(1)
	body, err := json.Marshal(about)
	if err != nil {
		return decision{}, errors.New("the question cannot be written")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return decision{}, errors.New("its address is none")
	}
	request.Header.Set("Content-Type", "application/json")
	if c.cfg.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return decision{}, bare(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return decision{}, bare(err)
	}
	d := decision{until: time.Now().Add(freshness(response.Header.Get("Cache-Control")))}
	switch response.StatusCode {
	case http.StatusOK, http.StatusNoContent:
		d.permit, err = permitOf(text)
	case http.StatusUnauthorized:
		d.err = refuse(ErrWrong, "the application that decides does not know this key or token")
		if !q.Presents() {
			d.err = missing(q)
		}
	case http.StatusForbidden:
		d.err = refuse(ErrForbidden, "the application that decides does not allow "+wish(q))
	default:
		err = fmt.Errorf("the answer was %s", response.Status)
	}
	return d, err
}

// permitOf reads what comes with a yes: nothing, or a JSON object.
func permitOf(text []byte) (Permit, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return Permit{}, nil
	}
	var r reply
	if err := json.Unmarshal(text, &r); err != nil || r.Bitrate < 0 || r.Viewers < 0 {
		return Permit{}, errors.New("the answer's body is not the JSON that was expected")
	}
	p := Permit{Until: r.Expires, Bitrate: r.Bitrate, Viewers: r.Viewers}
	if r.User != "" {
		p.Holder = "callback:" + r.User
	}
	return p, nil
}

// freshness is for how long an answer holds, by its Cache-Control: not at all, if
// that does not say otherwise.
func freshness(header string) time.Duration {
	var fresh time.Duration
	for directive := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				fresh = min(time.Duration(n)*time.Second, longestAnswer)
			}
		}
	}
	return fresh
}

// known is a decision that still holds.
func (c *caller) known(sum digest, now time.Time) (decision, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.answers[sum]
	return d, ok && now.Before(d.until) && (d.permit.Until.IsZero() || now.Before(d.permit.Until))
}

// keep keeps a decision, in place of any other where there is no room.
func (c *caller) keep(sum digest, d decision) {
	now := time.Now()
	if !now.Before(d.until) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for old := range c.answers {
		if len(c.answers) < maxAnswers {
			break
		}
		delete(c.answers, old)
	}
	c.answers[sum] = d
}

// bare is an HTTP client's error without the URL, which may hold a password.
func bare(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
