package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"

	"millrace/transmux/access"
)

// method is a way of saying who may, with a credential of each kind.
type method struct {
	settings              []string
	right, wrong, expired credential
	proves                bool     // by RTSP's digest, too
	open                  bool     // everything is, whatever is shown
	secrets               []string // beside the credentials
}

const accessSecret = "a secret of thirty-two characters"

// signed is a token for live/*, until then.
func signed(t *testing.T, until time.Time) string {
	t.Helper()
	return signedBy(t, jwt.SigningMethodHS256, []byte(accessSecret), "", until)
}

func signedBy(t *testing.T, how jwt.SigningMethod, key any, id string, until time.Time) string {
	t.Helper()
	token := jwt.NewWithClaims(how, jwt.MapClaims{
		"exp": until.Unix(), "millrace": map[string]any{"publish": "live/*", "play": "live/*", "read": true, "admin": true},
	})
	if id != "" {
		token.Header["kid"] = id
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tokens is a method by tokens signed with that key. The wrong one is signed by
// somebody else in the same way.
func tokens(t *testing.T, setting string, how jwt.SigningMethod, key, other any, id string) method {
	hour := time.Now().Add(time.Hour)
	return method{
		settings: []string{setting},
		right:    credential{token: signedBy(t, how, key, id, hour)},
		wrong:    credential{token: signedBy(t, how, other, id, hour)},
		expired:  credential{token: signedBy(t, how, key, id, time.Now().Add(-time.Hour))},
	}
}

// signers are keys of each kind, and how tokens are signed with them.
type signer struct {
	how        jwt.SigningMethod
	key, other crypto.Signer
}

func signers(t *testing.T) map[string]signer {
	t.Helper()
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	ofRSA := func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) }
	ofEC := func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }
	ofEd := func() crypto.Signer {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	}
	return map[string]signer{
		"RS256": {jwt.SigningMethodRS256, ofRSA(), ofRSA()},
		"ES256": {jwt.SigningMethodES256, ofEC(), ofEC()},
		"EdDSA": {jwt.SigningMethodEdDSA, ofEd(), ofEd()},
	}
}

// publicFile is the key's public half in a file.
func publicFile(t *testing.T, key crypto.Signer) string {
	t.Helper()
	raw, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "public.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// keySet serves the key as a set (RFC 8037).
func keySet(t *testing.T, id string, key ed25519.PublicKey) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":%q,"use":"sig","x":%q}]}`, id, base64.RawURLEncoding.EncodeToString(key))
	}))
	t.Cleanup(server.Close)
	return server
}

// application answers the callback: one token may do things with live/*.
func application(t *testing.T) *httptest.Server {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Action, Stream, Token string }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		switch {
		case q.Token != "callback-right":
			w.WriteHeader(http.StatusUnauthorized)
		case q.Stream != "" && !strings.HasPrefix(q.Stream, "live/"):
			w.WriteHeader(http.StatusForbidden)
		default:
			_, _ = io.WriteString(w, `{"user":"somebody"}`)
		}
	}))
	t.Cleanup(app.Close)
	return app
}

// methods are all of them.
func methods(t *testing.T) map[string]method {
	const may = `publish: live/*, play: live/*, read: true, admin: true`
	const over = `, expires: 2020-01-01T00:00:00Z`
	users := func(right, old string, proves bool) method {
		return method{
			settings: []string{fmt.Sprintf(`MILLRACE_AUTH_USERS={alice: {password: '%s', %s}, bob: {password: '%s', %s}}`, right, may, old, may+over)},
			right:    credential{user: "alice", password: "user-right"},
			wrong:    credential{user: "alice", password: "user-wrong"},
			expired:  credential{user: "bob", password: "user-expired"},
			proves:   proves, secrets: []string{right, old},
		}
	}
	slow := func(password string) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		return string(hash)
	}
	all := map[string]method{
		"open": {
			settings: []string{"MILLRACE_AUTH_OPEN=publish,play,read,admin"}, open: true,
			wrong: credential{token: "open-wrong"}, expired: credential{user: "alice", password: "open-expired"},
		},
		"keys": {
			settings: []string{fmt.Sprintf(`MILLRACE_AUTH_KEYS={a: {key: key-right, %s}, b: {key: '%s', %s}}`, may, access.Hash("key-expired"), may+over)},
			right:    credential{token: "key-right"}, wrong: credential{token: "key-wrong"}, expired: credential{token: "key-expired"},
		},
		"users, plain":    users("user-right", "user-expired", true),
		"users, argon2id": users(access.Hash("user-right"), access.Hash("user-expired"), false),
		"users, bcrypt":   users(slow("user-right"), slow("user-expired"), false),
		"tokens, HS256":   tokens(t, "MILLRACE_AUTH_JWT_SECRET="+accessSecret, jwt.SigningMethodHS256, []byte(accessSecret), []byte(accessSecret+"!"), ""),
		"callback": {
			settings: []string{"MILLRACE_AUTH_CALLBACK_URL=" + application(t).URL + "/?app=callback-query", "MILLRACE_AUTH_CALLBACK_TOKEN=callback-secret"},
			right:    credential{token: "callback-right"}, wrong: credential{token: "callback-wrong"}, expired: credential{token: "callback-expired"},
			secrets: []string{"callback-query", "callback-secret"},
		},
	}
	for name, s := range signers(t) {
		all["tokens, "+name] = tokens(t, "MILLRACE_AUTH_JWT_PUBLIC_KEY="+publicFile(t, s.key), s.how, s.key, s.other, "")
		if public, ok := s.key.Public().(ed25519.PublicKey); ok {
			all["tokens, a key set"] = tokens(t, "MILLRACE_AUTH_JWT_JWKS="+keySet(t, "first", public).URL, s.how, s.key, s.other, "first")
		}
	}
	return all
}
