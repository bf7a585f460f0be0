package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// mustPatterns are patterns that are right.
func mustPatterns(t testing.TB, texts ...string) []Pattern {
	t.Helper()
	list, err := ParsePatterns(texts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func mustSecret(t testing.TB, text string) Secret {
	t.Helper()
	s, err := ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open makes a room that logs into the test's buffer.
func room(t testing.TB, cfg Config) *Room {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	r := New(cfg, discard())
	t.Cleanup(r.Close)
	return r
}

func publish(credential string) Request {
	return Request{Action: Publish, Stream: "live/a", Protocol: "rtmp", Remote: "192.0.2.1:5000", Credential: credential}
}

// wants asks and compares the kind of refusal, nil for a yes.
func wants(t *testing.T, r *Room, q Request, kind error) Permit {
	t.Helper()
	p, err := r.Ask(context.Background(), q)
	if kind == nil && err != nil || kind != nil && !errors.Is(err, kind) {
		t.Errorf("%s %s: %v, want %v", q.Action, q.Stream, err, kind)
	}
	if no := new(Refusal); err != nil && (!errors.As(err, &no) || no.Words == "") {
		t.Errorf("%v is no refusal in words", err)
	}
	return p
}

// as is the request with another action and stream.
func (q Request) as(a Action, stream string) Request {
	q.Action, q.Stream = a, stream
	return q
}

func (q Request) from(remote string) Request { q.Remote = remote; return q }

func TestNothingIsAllowedWithoutARule(t *testing.T) {
	r := room(t, Config{})
	wants(t, r, publish(""), ErrMissing)
	wants(t, r, publish("anything"), ErrWrong)
	wants(t, r, publish("").as(Read, ""), ErrMissing)
	wants(t, r, publish("").as(Admin, ""), ErrMissing)
	wants(t, r, publish(strings.Repeat("x", maxCredential+1)), ErrWrong)
}

func TestOpen(t *testing.T) {
	r := room(t, Config{Open: []Action{Play}})
	wants(t, r, publish("").as(Play, "x"), nil)
	wants(t, r, publish("what ever").as(Play, "x"), nil)
	wants(t, r, publish(""), ErrMissing)
	if !r.Open(Play) || r.Open(Publish) {
		t.Error("what is open is not said")
	}
	wants(t, room(t, Config{Open: []Action{Admin}}), publish("").as(Read, ""), nil)
}

func TestKeysAndUsers(t *testing.T) {
	_, digest := NewKey()
	cfg := Config{
		Keys: []Key{
			{Name: "obs", Secret: mustSecret(t, "a key of obs"), Grant: Grant{Publish: mustPatterns(t, "live/*")}},
			{Name: "old", Secret: mustSecret(t, "an old key"), Grant: Grant{Publish: mustPatterns(t, "**"), Until: time.Now().Add(-time.Second)}},
			{Name: "slow", Secret: mustSecret(t, Hash("a slow key")), Grant: Grant{Play: mustPatterns(t, "**"), Read: true}},
			{Name: "unknown", Secret: mustSecret(t, digest), Grant: Grant{Admin: true}},
		},
		Users: []User{
			{Name: "alice", Secret: mustSecret(t, Hash("pass")), Grant: Grant{Publish: mustPatterns(t, "live/a"), Admin: true}},
			{Name: "bob", Secret: mustSecret(t, "plain:$pass"), Grant: Grant{Play: mustPatterns(t, "live/b")}},
		},
	}
	r := room(t, cfg)
	if p := wants(t, r, publish("a key of obs"), nil); p.Holder != "key:obs" || !p.Until.IsZero() {
		t.Errorf("%+v", p)
	}
	wants(t, r, publish("a key of obs").as(Publish, "other/a"), ErrForbidden)
	wants(t, r, publish("a key of obs").as(Play, "live/a"), ErrForbidden)
	wants(t, r, publish("a key of ob"), ErrWrong)
	wants(t, r, publish("an old key"), ErrStale)
	wants(t, r, publish("a slow key").as(Play, "x/y/z"), nil)
	wants(t, r, publish("a slow key").as(Read, ""), nil)
	wants(t, r, publish("a slow key").as(Admin, ""), ErrForbidden)
	wants(t, r, publish(digest), ErrWrong) // the hash is no key

	alice := publish("pass")
	alice.User = "alice"
	wants(t, r, alice, nil)
	wants(t, r, alice.as(Read, ""), nil)
	wants(t, r, publish("alice:pass"), nil)
	wants(t, r, publish("alice:wrong"), ErrWrong)
	wants(t, r, publish("pass"), ErrWrong)
	alice.User = "nobody"
	wants(t, r, alice, ErrWrong)
	wants(t, r, publish("bob:$pass").as(Play, "live/b"), nil)

	hashes := r.Stats().Hashes
	for range 100 {
		wants(t, r, publish("alice:pass"), nil)
	}
	if n := r.Stats().Hashes - hashes; n != 0 {
		t.Errorf("%d hashes for a password that was right before", n)
	}
}

// TestProofs is for digest authentication, where nobody says the password.
func TestProofs(t *testing.T) {
	r := room(t, Config{
		Keys: []Key{{Name: "cam", Secret: mustSecret(t, "a camera's key"), Grant: Grant{Publish: mustPatterns(t, "**")}}},
		Users: []User{
			{Name: "bob", Secret: mustSecret(t, "pass"), Grant: Grant{Publish: mustPatterns(t, "**")}},
			{Name: "alice", Secret: mustSecret(t, Hash("pass")), Grant: Grant{Publish: mustPatterns(t, "**")}},
		},
	})
	q := publish("")
	proof := func(user, password string) Request {
		q := q
		q.User, q.Proves = user, func(s string) bool { return s == password }
		return q
	}
	wants(t, r, proof("bob", "pass"), nil)
	wants(t, r, proof("bob", "other"), ErrWrong)
	wants(t, r, proof("", "pass"), ErrWrong)
	wants(t, r, proof("any", "a camera's key"), nil)
	wants(t, r, proof("alice", "pass"), ErrWrong) // it is not kept
	wants(t, r, proof("alice", ""), ErrWrong)
}

func TestTickets(t *testing.T) {
	r := room(t, Config{})
	ticket := r.Ticket("demo", Grant{Publish: mustPatterns(t, "live/demo")})
	wants(t, r, publish(ticket).as(Publish, "live/demo"), nil)
	wants(t, r, publish(ticket).as(Publish, "live/other"), ErrForbidden)
	r.Configure(Config{})
	wants(t, r, publish(ticket).as(Publish, "live/demo"), nil)
	other := r.Ticket("other", Grant{Publish: mustPatterns(t, "live/demo")})
	r.Revoke("demo")
	wants(t, r, publish(ticket).as(Publish, "live/demo"), ErrWrong)
	wants(t, r, publish(other).as(Publish, "live/demo"), nil)
}

func TestConfigureTakesEffect(t *testing.T) {
	key := func(text string) Config {
		return Config{Keys: []Key{{Name: "a", Secret: mustSecret(t, text), Grant: Grant{Publish: mustPatterns(t, "**")}}}}
	}
	r := room(t, key("the first key"))
	wants(t, r, publish("the first key"), nil)
	wants(t, r, publish("the second key"), ErrWrong)
	r.Configure(key("the second key"))
	wants(t, r, publish("the first key"), ErrWrong)
	wants(t, r, publish("the second key"), nil)
}

func TestSees(t *testing.T) {
	r := room(t, Config{Keys: []Key{{Name: "a", Secret: mustSecret(t, "the first key"), Grant: Grant{Publish: mustPatterns(t, "in/*"), Play: mustPatterns(t, "out/*")}}}})
	for _, tt := range []struct {
		credential, stream string
		want               bool
	}{
		{"the first key", "in/a", true},
		{"the first key", "out/a", true},
		{"the first key", "a", false},
		{"", "in/a", false},
		{"wrong", "in/a", false},
	} {
		if r.Sees(context.Background(), publish(tt.credential))(tt.stream) != tt.want {
			t.Errorf("%+v", tt)
		}
	}
	if !room(t, Config{Open: []Action{Play}}).Sees(context.Background(), publish(""))("x") {
		t.Error("what is open is not seen")
	}
}

// TestWrongOnesAreSlowed: an address that guesses is held up, and nobody else is.
func TestWrongOnesAreSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := room(t, Config{
			Keys:  []Key{{Name: "a", Secret: mustSecret(t, "the right key"), Grant: Grant{Publish: mustPatterns(t, "**")}}},
			Users: []User{{Name: "alice", Secret: mustSecret(t, Hash("pass")), Grant: Grant{Publish: mustPatterns(t, "**")}}},
		})
		wants(t, r, publish("alice:pass"), nil)
		for i := range 10_000 {
			_, err := r.Ask(context.Background(), publish(fmt.Sprint("alice:", i)))
			if want := []error{ErrSlowed, ErrWrong}[min(1, max(0, freeAttempts-i))]; !errors.Is(err, want) {
				t.Fatalf("attempt %d: %v", i, err)
			}
		}
		if n := r.Stats().Hashes; n != freeAttempts+1 {
			t.Errorf("%d hashes were computed", n)
		}
		no := new(Refusal)
		_, err := r.Ask(context.Background(), publish("the right key"))
		if !errors.As(err, &no) || no.After <= 0 || no.After > attemptEvery {
			t.Errorf("a new login from there: %v", err)
		}
		wants(t, r, publish("alice:pass"), nil) // was right before
		wants(t, r, publish("the right key").from("192.0.2.2:1"), nil)
		wants(t, r, publish("alice:pass").from("[2001:db8::1]:1"), nil)
		time.Sleep(attemptEvery)
		wants(t, r, publish("the right key"), nil)
		wants(t, r, publish("the right key"), nil) // a right one costs nothing
		wants(t, r, publish("alice:x"), ErrWrong)
		wants(t, r, publish("alice:y"), ErrSlowed)
	})
}

// TestTheSameWrongOneIsNoGuess: an encoder with an old key tries for ever.
func TestTheSameWrongOneIsNoGuess(t *testing.T) {
	r := room(t, Config{Users: []User{{Name: "alice", Secret: mustSecret(t, Hash("pass"))}}})
	for range 1000 {
		wants(t, r, publish("alice:old"), ErrWrong)
	}
	if n := r.Stats().Hashes; n != 1 {
		t.Errorf("%d hashes", n)
	}
	wants(t, r, publish("alice:other"), ErrWrong)
}

// TestFloodsCostNoMemory sends wrong logins from ever new addresses.
func TestFloodsCostNoMemory(t *testing.T) {
	r := room(t, Config{Keys: []Key{{Name: "a", Secret: mustSecret(t, "the right key"), Grant: Grant{Publish: mustPatterns(t, "**")}}}})
	flood := func(n int) {
		for i := range n {
			q := publish(fmt.Sprint("wrong", i)).from(fmt.Sprintf("10.%d.%d.%d:1", i>>16&255, i>>8&255, i&255))
			if _, err := r.Ask(context.Background(), q); err == nil {
				t.Fatal("a wrong key is right")
			}
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	flood(maxAddresses)
	before := heap()
	flood(4 * maxAddresses)
	if after := heap(); after > before+1<<20 {
		t.Errorf("memory grew from %d to %d bytes", before, after)
	}
	if n := len(r.brake.addresses); n > maxAddresses {
		t.Errorf("%d addresses are kept", n)
	}
	wants(t, r, publish("the right key"), nil)
}

// TestHashesAreBounded: however many come at once, few are computed at a time, the
// same one once, and those who wait too long are told to come again.
func TestHashesAreBounded(t *testing.T) {
	r := room(t, Config{Users: []User{{Name: "alice", Secret: mustSecret(t, Hash("pass")), Grant: Grant{Publish: mustPatterns(t, "**")}}}})
	var work sync.WaitGroup
	for range 50 {
		work.Go(func() { wants(t, r, publish("alice:pass").from("192.0.2.7:1"), nil) })
	}
	work.Wait()
	if n := r.Stats().Hashes; n != 1 {
		t.Errorf("%d hashes for one password", n)
	}

	for range cap(r.mill.places) {
		r.mill.places <- struct{}{} // somebody grinds for ever
	}
	ctx, cancel := context.WithCancel(context.Background())
	var errs [2 * maxQueue]error
	for i := range errs {
		work.Go(func() {
			_, errs[i] = r.Ask(ctx, publish(fmt.Sprint("alice:", i)).from(fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255)))
		})
	}
	for deadline := time.Now().Add(20 * time.Second); r.Stats().Refused["unavailable"] < maxQueue; {
		if time.Now().After(deadline) {
			t.Fatalf("%v", r.Stats().Refused)
		}
		runtime.Gosched()
	}
	cancel()
	work.Wait()
	for _, err := range errs {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%v", err)
		}
	}
}

// TestNothingSecretIsSaid looks through everything that a room says.
func TestNothingSecretIsSaid(t *testing.T) {
	const secret = "correct-horse-battery"
	var log bytes.Buffer
	r := New(Config{
		Keys:     []Key{{Name: "a", Secret: mustSecret(t, secret+"-key")}},
		Callback: &CallbackConfig{URL: "http://user:" + secret + "@127.0.0.1:1/", Token: secret},
		Token:    &TokenConfig{KeySet: "http://user:" + secret + "@127.0.0.1:1/"},
	}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer r.Close()
	for _, q := range []Request{publish(secret), publish("alice:" + secret), publish("eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30." + secret), publish("")} {
		_, err := r.Ask(context.Background(), q)
		_, _ = fmt.Fprintln(&log, err, r.Stats())
	}
	_, _ = fmt.Fprintf(&log, "%v %+v\n", mustSecret(t, secret), Secret{})
	if strings.Contains(log.String(), secret) {
		t.Errorf("it is said: %s", &log)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
