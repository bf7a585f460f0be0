package access

import (
	"bytes"
	"context"
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
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const hmacSecret = "0123456789abcdef0123456789abcdef"

// keyPair is somebody who signs tokens.
type keyPair struct {
	method  jwt.SigningMethod
	private any
	public  crypto.PublicKey
}

func pairs(t testing.TB) map[string]keyPair {
	t.Helper()
	r, err1 := rsa.GenerateKey(rand.Reader, 2048)
	e, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, private, err3 := ed25519.GenerateKey(rand.Reader)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]keyPair{
		"RS256": {jwt.SigningMethodRS256, r, &r.PublicKey},
		"PS256": {jwt.SigningMethodPS256, r, &r.PublicKey},
		"ES256": {jwt.SigningMethodES256, e, &e.PublicKey},
		"EdDSA": {jwt.SigningMethodEdDSA, private, public},
	}
}

// body is a token's claims: good ones, changed.
func body(change func(c jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"exp": time.Now().Add(time.Hour).Unix(), "iss": "the app", "aud": []string{"millrace"}, "jti": "7",
		"millrace": map[string]any{"publish": []string{"live/*"}, "play": "**", "bitrate": 5_000_000, "viewers": 2},
	}
	if change != nil {
		change(c)
	}
	return c
}

func sign(t testing.TB, method jwt.SigningMethod, key any, kid string, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func publicPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestTokens(t *testing.T) {
	r := room(t, Config{Token: &TokenConfig{Secret: hmacSecret, Issuer: "the app", Audience: "millrace"}})
	good := func(change func(c jwt.MapClaims)) string {
		return sign(t, jwt.SigningMethodHS256, []byte(hmacSecret), "", body(change))
	}
	p := wants(t, r, publish(good(nil)), nil)
	if p.Bitrate != 5_000_000 || p.Viewers != 2 || p.Holder != "token:7" || time.Until(p.Until) > time.Hour {
		t.Errorf("%+v", p)
	}
	wants(t, r, publish(good(nil)).as(Publish, "other/a"), ErrForbidden)
	wants(t, r, publish(good(nil)).as(Play, "other/a"), nil)
	wants(t, r, publish(good(nil)).as(Read, ""), ErrForbidden)
	for name, tt := range map[string]struct {
		token string
		kind  error
	}{
		"expired":           {good(func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() }), ErrStale},
		"not yet":           {good(func(c jwt.MapClaims) { c["nbf"] = time.Now().Add(time.Minute).Unix() }), ErrStale},
		"for ever":          {good(func(c jwt.MapClaims) { delete(c, "exp") }), ErrWrong},
		"another issuer":    {good(func(c jwt.MapClaims) { c["iss"] = "x" }), ErrWrong},
		"no issuer":         {good(func(c jwt.MapClaims) { delete(c, "iss") }), ErrWrong},
		"another audience":  {good(func(c jwt.MapClaims) { c["aud"] = "x" }), ErrWrong},
		"no claim":          {good(func(c jwt.MapClaims) { delete(c, "millrace") }), ErrForbidden},
		"a bad pattern":     {good(func(c jwt.MapClaims) { c["millrace"] = map[string]any{"publish": "a//b"} }), ErrWrong},
		"a negative limit":  {good(func(c jwt.MapClaims) { c["millrace"] = map[string]any{"publish": "**", "bitrate": -1} }), ErrWrong},
		"another secret":    {sign(t, jwt.SigningMethodHS256, []byte(strings.ToUpper(hmacSecret)), "", body(nil)), ErrWrong},
		"without signature": {sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "", body(nil)), ErrWrong},
		"cut off":           {strings.TrimRight(good(nil), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), ErrWrong},
		"no token":          {"eyJ.a.b", ErrWrong},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, r, publish(tt.token).from(name), tt.kind)
		})
	}
	wants(t, r, publish(good(func(c jwt.MapClaims) { c["millrace"] = map[string]any{"read": true} })).as(Read, ""), nil)
	wants(t, r, publish(good(func(c jwt.MapClaims) { c["millrace"] = map[string]any{"admin": true} })).as(Admin, ""), nil)
}

func TestTokensWithPublicKeys(t *testing.T) {
	for name, pair := range pairs(t) {
		key, err := ParsePublicKey(publicPEM(t, pair.public))
		if err != nil {
			t.Fatal(err)
		}
		r := room(t, Config{Token: &TokenConfig{Key: key}})
		wants(t, r, publish(sign(t, pair.method, pair.private, "", body(nil))), nil)
		wants(t, r, publish(sign(t, pair.method, pair.private, "any", body(nil))), nil)
		// The oldest trick: the public key, which everybody has, as HMAC's secret.
		forged := sign(t, jwt.SigningMethodHS256, publicPEM(t, pair.public), "", body(nil))
		wants(t, r, publish(forged), ErrWrong)
		for other, pair := range pairs(t) {
			wants(t, r, publish(sign(t, pair.method, pair.private, "", body(nil))).from(name+other), ErrWrong)
		}
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err == nil {
		if _, err := ParsePublicKey(publicPEM(t, &small.PublicKey)); err == nil {
			t.Error("an RSA key of 1024 bits is taken")
		}
	}
	for _, text := range []string{"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if _, err := ParsePublicKey([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if err := (&Config{Token: &TokenConfig{Secret: "short"}}).Validate(); err == nil {
		t.Error("a short secret is taken")
	}
}

// jwk is a public key as a key set has it.
func jwk(kid string, key any) map[string]string {
	text := base64.RawURLEncoding.EncodeToString
	switch k := key.(type) {
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "kid": kid, "use": "sig", "n": text(k.N.Bytes()), "e": "AQAB"}
	case *ecdsa.PublicKey:
		b, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		return map[string]string{"kty": "EC", "kid": kid, "crv": "P-256", "x": text(b[1:33]), "y": text(b[33:])}
	default:
		return map[string]string{"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": text(key.(ed25519.PublicKey))}
	}
}

// keyServer serves a key set that a test changes.
type keyServer struct {
	*httptest.Server
	set   atomic.Pointer[[]byte] // nil: 500
	asked atomic.Int32
}

func serveKeys(t *testing.T) *keyServer {
	s := &keyServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		if set := s.set.Load(); set != nil {
			_, _ = w.Write(*set)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) serve(keys ...any) {
	b, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	s.set.Store(&b)
}

func TestKeySets(t *testing.T) {
	server, all := serveKeys(t), pairs(t)
	old, fresh, edwards := all["RS256"], all["ES256"], all["EdDSA"]
	token := func(p keyPair, kid string) Request { return publish(sign(t, p.method, p.private, kid, body(nil))) }
	r := room(t, Config{Token: &TokenConfig{KeySet: server.URL}})
	set := r.rules.Load().token.set
	rest := func() { // until it may ask again
		set.mu.Lock()
		defer set.mu.Unlock()
		set.tried = set.tried.Add(-keySetPause)
	}

	wants(t, r, token(old, "1"), ErrUnavailable)
	wants(t, r, token(old, "1"), ErrUnavailable)
	if n := server.asked.Load(); n != 1 {
		t.Errorf("asked %d times for nothing", n)
	}
	rest()
	server.serve(map[string]string{"kty": "unheard of"}, map[string]string{"kty": "oct", "kid": "s", "k": "AAAA"}, jwk("1", old.public), jwk("e", edwards.public))
	wants(t, r, token(old, "1"), nil)
	wants(t, r, token(old, ""), nil)
	wants(t, r, token(edwards, "e"), nil)
	wants(t, r, publish(sign(t, jwt.SigningMethodHS256, []byte{0, 0, 0}, "s", body(nil))), ErrWrong)

	// A key that is new is found at once; but who makes up keys does not make us ask.
	wants(t, r, token(fresh, "2"), ErrWrong)
	rest()
	server.serve(jwk("2", fresh.public))
	wants(t, r, token(fresh, "2"), nil)
	wants(t, r, token(old, "1"), ErrWrong)
	asked := server.asked.Load()
	for range 30 {
		_, _ = r.Ask(context.Background(), token(old, "made up"))
	}
	if n := server.asked.Load(); n != asked {
		t.Errorf("asked %d times for keys that are made up", n-asked)
	}

	// A server that is down does not matter for as long as the keys are believed.
	server.set.Store(nil)
	age := func(by time.Duration) {
		set.mu.Lock()
		defer set.mu.Unlock()
		set.fetched, set.tried = set.fetched.Add(-by), set.tried.Add(-by)
	}
	age(keySetAge)
	wants(t, r, token(fresh, "2"), nil)
	age(keySetLast)
	wants(t, r, token(fresh, "2"), ErrUnavailable)

	for _, text := range []string{"", "[]", `{"keys":[]}`, `{"keys":` + strings.Repeat(" ", maxKeySet) + `[]}`} {
		if _, _, err := parseKeySet(context.Background(), []byte(text)); err == nil {
			t.Errorf("%.20q is taken for a key set", text)
		}
	}
}

// TestPermitsEnd: what a static key allows ends, too.
func TestPermitsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := room(t, Config{Users: []User{{
			Name: "a", Secret: mustSecret(t, Hash("pass")), Grant: Grant{Publish: mustPatterns(t, "**"), Until: time.Now().Add(time.Minute)},
		}}})
		if p := wants(t, r, publish("a:pass"), nil); time.Until(p.Until) != time.Minute {
			t.Errorf("%+v", p)
		}
		time.Sleep(time.Minute)
		wants(t, r, publish("a:pass"), ErrStale)
	})
}

func FuzzToken(f *testing.F) {
	r := New(Config{Token: &TokenConfig{Secret: hmacSecret}}, discard())
	good := sign(f, jwt.SigningMethodHS256, []byte(hmacSecret), "", body(nil))
	f.Add(good)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := r.Ask(context.Background(), publish(text))
		if err == nil && text != good && !bytes.HasPrefix([]byte(good), []byte(text[:len(text)-1])) {
			t.Errorf("%q is taken", text)
		}
	})
}

func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"OKP","kid":"a","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if keys, _, err := parseKeySet(context.Background(), raw); err == nil && keys == nil {
			t.Error("no keys and no error")
		}
	})
}
