package rtsp

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
)

// realm is where the credentials that are asked for are good.
const realm = "millrace"

// methods are what is offered, the better one first. SHA-256 is left out: ffmpeg
// and most cameras give up when they see it.
var methods = []auth.VerifyMethod{auth.VerifyMethodDigestMD5, auth.VerifyMethodBasic}

// maxChallenges bounds the guesses of one connection.
const maxChallenges = 8

// Peer is who asks for a stream.
type Peer struct {
	Stream string // the path of the URL, without slashes around it
	Remote string // address and port
	Agent  string // what it calls itself

	// User and Credential are those of Basic authentication, or Credential is the
	// URL's token. With Digest Proves says whether the answer was made with that
	// password; else it is nil.
	User       string
	Credential string
	Proves     func(password string) bool
}

// peer is who sent a request.
func (c *link) peer(req *base.Request, path, query string) Peer {
	p := Peer{Stream: strings.Trim(path, "/"), Remote: c.RemoteAddr().String()}
	if agent := req.Header["User-Agent"]; len(agent) == 1 {
		p.Agent = printable(agent[0])
	}
	// What of a query can be read is good enough to look for a token in.
	values, _ := url.ParseQuery(strings.TrimSuffix(query, "/"))
	p.Credential = values.Get("token")
	given := req.Header["Authorization"]
	if len(given) != 1 {
		return p
	}
	scheme, rest, _ := strings.Cut(given[0], " ")
	switch {
	case strings.EqualFold(scheme, "basic"):
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest)); err == nil {
			p.User, p.Credential, _ = strings.Cut(string(raw), ":")
		}
	case strings.EqualFold(scheme, "digest"):
		var a headers.Authorization
		if a.Unmarshal(given) == nil && a.Username != "" && c.nonce != "" {
			nonce := c.nonce
			p.User = a.Username
			p.Proves = func(password string) bool {
				return auth.Verify(req, a.Username, password, methods, realm, nonce) == nil
			}
		}
	}
	return p
}

// challenge asks for credentials. False once there have been guesses enough.
func (c *link) challenge(res *base.Response) bool {
	if c.nonce == "" {
		nonce, err := auth.GenerateNonce()
		if err != nil {
			return false
		}
		c.nonce = nonce
	}
	c.challenges++
	res.Header["WWW-Authenticate"] = auth.GenerateWWWAuthenticate(methods, realm, c.nonce)
	return c.challenges < maxChallenges
}
