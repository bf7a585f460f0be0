package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// leastSecret is what RFC 7518 section 3.2 asks of HS256's keys, in bytes. Short
// ones are found by trying, far from here, from any one token.
const leastSecret = 32

// TokenConfig is how signed tokens (JSON Web Tokens, RFC 7519) are verified. One of
// Secret, Key and KeySet is set.
type TokenConfig struct {
	Secret   string // shared with the application: HS256, HS384, HS512
	Key      any    // the application's public key, of ParsePublicKey
	KeySet   string // URL of a JSON Web Key Set (RFC 7517)
	Issuer   string // that tokens must name; "" for any
	Audience string // likewise
}

func (c *TokenConfig) validate() error {
	switch {
	case c.Secret != "" && len(c.Secret) < leastSecret:
		return fmt.Errorf("the secret for tokens must have %d characters at least (RFC 7518 section 3.2)", leastSecret)
	case c.KeySet != "":
		if err := webAddress(c.KeySet); err != nil {
			return fmt.Errorf("the key set: %w", err)
		}
	}
	return nil
}

// ParsePublicKey reads a public key, or the one in a certificate, in PEM.
func ParsePublicKey(text []byte) (any, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("this is no PEM file")
	}
	var key any
	var err error
	switch block.Type {
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = c.PublicKey
		}
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("this is a %s: tokens are verified with a PUBLIC KEY", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("the public key cannot be read: %w", err)
	}
	if algorithmsOf(key) == nil {
		return nil, errors.New("tokens are verified with RSA keys of 2048 bits or more, ECDSA keys of P-256, P-384 or P-521, or Ed25519 keys")
	}
	return key, nil
}

// algorithmsOf are those that a key is for. A token says which one it is signed by,
// and must not be believed: an RSA key is no HMAC secret.
func algorithmsOf(key any) []string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.Size() < 2048/8 {
			return nil
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch k.Params().BitSize {
		case 256:
			return []string{"ES256"}
		case 384:
			return []string{"ES384"}
		case 521:
			return []string{"ES512"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}

// claims are a token's, as far as they say something here.
type claims struct {
	jwt.RegisteredClaims
	Millrace struct {
		Publish texts `json:"publish"`
		Play    texts `json:"play"`
		Read    bool  `json:"read"`
		Admin   bool  `json:"admin"`
		Bitrate int   `json:"bitrate"` // bits a second
		Viewers int   `json:"viewers"`
	} `json:"millrace"`
}

// texts is a list that may be written as its only item.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// verifier verifies tokens.
type verifier struct {
	keys   jwt.Keyfunc // of a key that is there
	set    *keySet     // or of a set to fetch
	parser *jwt.Parser
	room   *Room
}

func newVerifier(c TokenConfig, room *Room) *verifier {
	v := &verifier{room: room}
	algorithms := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	switch {
	case c.Secret != "":
		algorithms = []string{"HS256", "HS384", "HS512"}
		secret := []byte(c.Secret)
		v.keys = func(*jwt.Token) (any, error) { return secret, nil }
	case c.Key != nil:
		algorithms = algorithmsOf(c.Key)
		v.keys = func(*jwt.Token) (any, error) { return c.Key, nil }
	default:
		v.set = newKeySet(c.KeySet)
	}
	options := []jwt.ParserOption{jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithLeeway(clockSkew)}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	v.parser = jwt.NewParser(options...)
	return v
}

func (v *verifier) close() {
	if v.set != nil {
		v.set.client.CloseIdleConnections()
	}
}

// looksSigned says whether that has a token's form: a JSON object in base64, and two
// more parts.
func looksSigned(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2
}

// verify says what the token allows, or refuses.
func (v *verifier) verify(ctx context.Context, text string) (*identity, error) {
	var c claims
	keys := v.keys
	if v.set != nil {
		keys = func(t *jwt.Token) (any, error) { return v.set.find(ctx, t) }
	}
	_, err := v.parser.ParseWithClaims(text, &c, keys)
	switch {
	case err == nil:
	case errors.Is(err, errNoKeySet):
		v.room.warn("access: tokens cannot be verified, because their key set cannot be fetched", "cause", err)
		return nil, unavailable("tokens cannot be verified now: the gateway cannot get the keys for it")
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, refuse(ErrStale, "the token has expired: get a new one")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return nil, refuse(ErrStale, "the token is not valid yet")
	case errors.Is(err, jwt.ErrTokenInvalidAudience), errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return nil, refuse(ErrWrong, "the token is meant for something else: its issuer (iss) or audience (aud) is not the one that is set here")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return nil, refuse(ErrWrong, "the token lacks a claim: it needs exp, and iss and aud where they are set here")
	default:
		return nil, refuse(ErrWrong, "the token is not signed by whom this gateway trusts, or is no token at all")
	}
	publish, err1 := ParsePatterns(c.Millrace.Publish)
	play, err2 := ParsePatterns(c.Millrace.Play)
	if errors.Join(err1, err2) != nil || c.Millrace.Bitrate < 0 || c.Millrace.Viewers < 0 {
		return nil, refuse(ErrWrong, "the token's millrace claim is malformed: publish and play are patterns such as live/*")
	}
	holder := "token:" + c.ID
	if c.ID == "" {
		holder += v.room.digests.of(text).name()
	}
	return &identity{
		grant: &Grant{Publish: publish, Play: play, Read: c.Millrace.Read, Admin: c.Millrace.Admin},
		permit: Permit{
			Until: c.ExpiresAt.Time, Bitrate: c.Millrace.Bitrate, Viewers: c.Millrace.Viewers, Holder: holder,
		},
	}, nil
}
