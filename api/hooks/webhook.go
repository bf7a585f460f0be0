package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// maxAnswer is how much of an answer is read, in bytes, so that the connection can
	// be used again; nobody looks at it.
	maxAnswer = 64 << 10
	// maxAnswerHeader bounds what an answer may have in front, in bytes.
	maxAnswerHeader = 64 << 10
	// maxWords bounds what is quoted of an error, in bytes.
	maxWords = 300
)

// The headers of a webhook's requests.
const (
	HeaderEvent     = "Millrace-Event"     // the kind
	HeaderDelivery  = "Millrace-Delivery"  // the event's id, the same for every attempt
	HeaderTimestamp = "Millrace-Timestamp" // of the attempt, in seconds since 1970
	HeaderSignature = "Millrace-Signature" // see Sign
)

// webhook carries messages over HTTP.
type webhook struct {
	cfg    *Hook
	client *http.Client
}

// newTransport is for all webhooks of a room.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: DefaultTimeout}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    DefaultParallel,
		IdleConnTimeout:        90 * time.Second, // less than what servers and their proxies wait
		TLSHandshakeTimeout:    DefaultTimeout,
		MaxResponseHeaderBytes: maxAnswerHeader,
		DisableCompression:     true, // what is not looked at need not be unpacked
	}
}

func newWebhook(cfg *Hook, transport http.RoundTripper) *webhook {
	return &webhook{cfg: cfg, client: &http.Client{
		Transport: transport,
		// The signature and the token are for this receiver, not for whomever it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// target is the receiver's host: secrets of chats' webhooks are in the path.
func (w *webhook) target() string {
	u, err := url.Parse(w.cfg.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// carry posts the message.
func (w *webhook) carry(ctx context.Context, m *Message) error {
	body := m.body()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return final{errors.New("its address is none")}
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	set := request.Header.Set
	set("Content-Type", "application/json")
	set("User-Agent", "Millrace")
	set(HeaderEvent, string(m.Kind))
	set(HeaderDelivery, m.ID)
	set(HeaderTimestamp, stamp)
	if w.cfg.Secret != "" {
		set(HeaderSignature, Sign(w.cfg.Secret, stamp, body))
	}
	if w.cfg.Token != "" {
		set("Authorization", "Bearer "+w.cfg.Token)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return w.explain(err)
	}
	defer response.Body.Close()
	// A connection whose answer was not read whole is closed, and that is all.
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer)
	return verdict(response)
}

// explain is an error of the client's without the URL, which may hold secrets.
func (w *webhook) explain(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", w.cfg.timeout())
	}
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	words := plain(err.Error())
	return errors.New(words[:min(len(words), maxWords)])
}

// verdict is what a status says: taken, not now, or not ever.
func verdict(r *http.Response) error {
	said := fmt.Errorf("the answer was %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch code := r.StatusCode; {
	case code >= 200 && code <= 299:
		return nil
	case code >= 300 && code <= 399:
		return fmt.Errorf("%w, which is not followed: set url to where the receiver is", said)
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return later{said, retryAfter(r.Header.Get("Retry-After"), time.Now())}
	default:
		return final{said}
	}
}

// retryAfter is how long to wait, by RFC 9110 section 10.2.3: seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now)
	}
	return 0
}
