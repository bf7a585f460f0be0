package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// keySetAge is when a set is fetched anew, for keys that were taken out.
	keySetAge = 10 * time.Minute
	// keySetPause is between two tries: tokens that name unknown keys cost nothing.
	keySetPause = 15 * time.Second
	// keySetLast is for how long a set is believed that cannot be fetched any more.
	keySetLast = 24 * time.Hour
	// keySetTimeout is less than a gate gives to the whole decision.
	keySetTimeout = 3 * time.Second
	// maxKeySet and maxKeys bound what is read: sets have two or three keys.
	maxKeySet = 256 << 10 // bytes
	maxKeys   = 64
)

// errNoKeySet means that there are no keys to verify with.
var errNoKeySet = errors.New("the key set could not be fetched")

// keySet is the keys behind a URL (RFC 7517), fetched when they are needed: at the
// first token, when they are old, and when a token names a key that is not there,
// for then they were changed.
type keySet struct {
	url    string
	client *http.Client

	mu      sync.Mutex
	keys    keyfunc.Keyfunc
	ids     map[string]bool
	fetched time.Time
	tried   time.Time
	failed  error
	busy    chan struct{} // while somebody fetches
}

func newKeySet(url string) *keySet {
	return &keySet{url: url, client: newClient(keySetTimeout)}
}

// newClient speaks with one server, and does not let it send us elsewhere.
func newClient(timeout time.Duration) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = maxCalls
	t.ResponseHeaderTimeout = timeout
	return &http.Client{
		Transport: t, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// find is the key that the token names, or all of them if it names none.
func (s *keySet) find(ctx context.Context, t *jwt.Token) (any, error) {
	id, named := t.Header["kid"].(string)
	keys, err := s.current(ctx, id, named)
	if err != nil {
		return nil, err
	}
	return keys.KeyfuncCtx(ctx)(t)
}

// current is the set, with that key in it if it can be had.
func (s *keySet) current(ctx context.Context, id string, named bool) (keyfunc.Keyfunc, error) {
	for {
		now := time.Now()
		s.mu.Lock()
		usable := s.keys != nil && now.Sub(s.fetched) < keySetLast
		lacks := named && !s.ids[id]
		keys, busy := s.keys, s.busy
		switch {
		case usable && !lacks && now.Sub(s.fetched) < keySetAge:
			s.mu.Unlock()
			return keys, nil
		case busy != nil && usable && !lacks:
			s.mu.Unlock() // somebody fetches; what is there will do
			return keys, nil
		case busy == nil && now.Sub(s.tried) < keySetPause:
			failed := s.failed
			s.mu.Unlock()
			if usable {
				return keys, nil
			}
			return nil, fmt.Errorf("%w: %w", errNoKeySet, failed)
		case busy == nil:
			busy = make(chan struct{})
			s.busy, s.tried = busy, now
			s.mu.Unlock()
			s.refresh(ctx, busy)
		default:
			s.mu.Unlock()
			select {
			case <-busy:
			case <-ctx.Done():
				return nil, fmt.Errorf("%w: %w", errNoKeySet, ctx.Err())
			}
		}
	}
}

// refresh fetches for everybody who waits, so it does not end with the one who asked.
func (s *keySet) refresh(ctx context.Context, busy chan struct{}) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keySetTimeout)
	defer cancel()
	keys, ids, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed = err; err == nil {
		s.keys, s.ids, s.fetched = keys, ids, time.Now()
	}
	s.busy = nil
	close(busy)
}

func (s *keySet) fetch(ctx context.Context) (keyfunc.Keyfunc, map[string]bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, nil, errors.New("its address is none")
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, nil, bare(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the answer was %s", response.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet+1))
	if err != nil {
		return nil, nil, bare(err)
	}
	return parseKeySet(ctx, raw)
}

// parseKeySet leaves out keys that are of an unknown kind or not for signatures
// (RFC 7517 section 5).
func parseKeySet(ctx context.Context, raw []byte) (keyfunc.Keyfunc, map[string]bool, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(raw) > maxKeySet || json.Unmarshal(raw, &set) != nil || len(set.Keys) > maxKeys {
		return nil, nil, errors.New("the answer is no JSON Web Key Set, or is too large")
	}
	store, ids := jwkset.NewMemoryStorage(), map[string]bool{}
	n := 0
	for _, one := range set.Keys {
		var m jwkset.JWKMarshal
		if json.Unmarshal(one, &m) != nil || m.USE == jwkset.UseEnc || m.KTY == jwkset.KtyOct {
			continue
		}
		key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
		if err != nil || algorithmsOf(key.Key()) == nil || store.KeyWrite(ctx, key) != nil {
			continue
		}
		ids[m.KID] = true
		n++
	}
	if n == 0 {
		return nil, nil, errors.New("the key set has no public key that tokens can be signed for")
	}
	keys, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: store})
	return keys, ids, err
}
