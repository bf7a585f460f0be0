package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// The reasons for which a stream could not be fetched that a caller may want to
// know apart.
var (
	// ErrTransport means that the server does not want media to go that way.
	ErrTransport = errors.New("the server refuses this transport")
	// ErrCredentials means that the server wants other credentials.
	ErrCredentials = errors.New("the server wants other credentials")
)

// Target is what Dial fetches, and how.
type Target struct {
	URL    *url.URL // rtsp or rtsps, with credentials
	UDP    bool     // media over UDP, else over the connection
	TLS    *tls.Config
	Agent  string        // what we call ourselves
	Answer time.Duration // that each request may take
	First  time.Duration // until the first packet over UDP
}

// Client is a connection to a server whose stream is fetched.
type Client struct {
	target  Target
	library *gortsplib.Client
	desc    *description.Session
	media   []Media
	sink    Sink // from Play on
}

// Dial connects and learns what there is. The caller closes the client.
func Dial(ctx context.Context, t Target) (*Client, error) {
	c := &Client{target: t}
	u, err := base.ParseURL(t.URL.String())
	if err != nil {
		return nil, c.plainly(err)
	}
	transport := gortsplib.TransportTCP
	if t.UDP {
		transport = gortsplib.TransportUDP
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: probeIdle, Interval: probeInterval, Count: probeCount,
	}}
	c.library = &gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Transport: &transport, UserAgent: t.Agent,
		ReadTimeout: t.Answer, WriteTimeout: t.Answer, InitialUDPReadTimeout: t.First,
		DialContext:   dialer.DialContext,
		OnResponse:    c.answered,
		OnPacketsLost: func(uint64) {}, // counted where the packets go
		OnDecodeError: func(err error) {
			if c.sink != nil {
				c.sink.Trouble(err)
			}
		},
		OnTransportSwitch: func(error) {},
	}
	if t.TLS != nil {
		c.library.TLSConfig = t.TLS.Clone() // the library writes the server's name into it
	}
	if err := c.library.Start2(); err != nil {
		return nil, c.plainly(err)
	}
	stop := context.AfterFunc(ctx, c.library.Close)
	defer stop()
	if c.desc, _, err = c.library.Describe(u); err != nil {
		c.library.Close()
		return nil, c.cause(ctx, err)
	}
	if len(c.media) != len(c.desc.Medias) {
		c.library.Close()
		return nil, fmt.Errorf("rtsp: %w", errNoMedia)
	}
	return c, nil
}

// answered sees every response before the library does: a session description is
// given to it in plain words.
func (c *Client) answered(res *base.Response) {
	if c.sink != nil {
		c.sink.Alive()
	}
	kind := res.Header["Content-Type"]
	if len(kind) != 1 || !strings.HasPrefix(kind[0], "application/sdp") {
		return
	}
	if control, media, err := parseSDP(res.Body); err == nil {
		c.media = media
		res.Body = plain(control, media)
	}
}

// Media is what there is.
func (c *Client) Media() []Media { return c.media }

// Play has those of the media sent that are wanted, by their index, to the sink.
func (c *Client) Play(ctx context.Context, wanted []int, sink Sink) error {
	stop := context.AfterFunc(ctx, c.library.Close)
	defer stop()
	for _, i := range wanted {
		if _, err := c.library.Setup(c.desc.BaseURL, c.desc.Medias[i], 0, 0); err != nil {
			return c.cause(ctx, err)
		}
	}
	c.library.OnPacketRTPAny(func(m *description.Media, _ format.Format, p *rtp.Packet) {
		sink.RTP(slices.Index(c.desc.Medias, m), p, time.Now())
	})
	c.library.OnPacketRTCPAny(func(m *description.Media, p rtcp.Packet) {
		sink.RTCP(slices.Index(c.desc.Medias, m), p, time.Now())
	})
	c.sink = sink
	// From here on it is the time between packets, of which the caller judges.
	c.library.ReadTimeout = silence
	if _, err := c.library.Play(nil); err != nil {
		return c.cause(ctx, err)
	}
	return nil
}

// Wait is over when the connection is, with the reason.
func (c *Client) Wait() error { return c.plainly(c.library.Wait()) }

// Close says goodbye and waits.
func (c *Client) Close() { c.library.Close() }

// cause is ctx's, if that is why a request failed.
func (c *Client) cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("rtsp: %w", context.Cause(ctx))
	}
	return c.plainly(err)
}

// plainly says the library's reasons in our words, and no credentials.
func (c *Client) plainly(err error) error {
	var status liberrors.ErrClientBadStatusCode
	var ended liberrors.ErrClientTerminated
	switch {
	case err == nil || errors.As(err, &ended) || errors.Is(err, io.EOF):
		return ErrGone
	case errors.As(err, &status) && status.Code == base.StatusUnauthorized:
		return fmt.Errorf("rtsp: %w: 401", ErrCredentials)
	case errors.As(err, &status) && status.Code == base.StatusUnsupportedTransport:
		return fmt.Errorf("rtsp: %w: 461", ErrTransport)
	case errors.As(err, &status):
		return fmt.Errorf("rtsp: the server answers %d %s", status.Code, c.discreet(printable(status.Message)))
	}
	return &discreetError{"rtsp: " + c.discreet(err.Error()), err}
}

// discreet takes the credentials out of a text.
func (c *Client) discreet(text string) string {
	if user := c.target.URL.User; user != nil {
		if password, _ := user.Password(); len(password) > 0 {
			text = strings.ReplaceAll(text, password, "xxxxx")
			text = strings.ReplaceAll(text, url.QueryEscape(password), "xxxxx")
		}
		text = strings.ReplaceAll(text, user.String()+"@", "")
	}
	if q := c.target.URL.RawQuery; q != "" {
		text = strings.ReplaceAll(text, q, "xxxxx")
	}
	return text
}

// discreetError is an error without its secrets.
type discreetError struct {
	text string
	err  error
}

func (e *discreetError) Error() string        { return e.text }
func (e *discreetError) Is(target error) bool { return errors.Is(e.err, target) }
