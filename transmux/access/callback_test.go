package access

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// application is what the callback asks.
type application struct {
	*httptest.Server
	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int32
	last   atomic.Pointer[question]
}

func serveApplication(t *testing.T, bearer string) *application {
	a := &application{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.asked.Add(1)
		var q question
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer "+bearer {
			t.Errorf("%s %v: %v", r.Method, r.Header, err)
		}
		a.last.Store(&q)
		(*a.answer.Load())(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *application) says(status int, body string, headers ...string) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	a.answer.Store(&h)
}

func TestCallback(t *testing.T) {
	app := serveApplication(t, "it is us")
	r := room(t, Config{
		Callback: &CallbackConfig{URL: app.URL + "/may", Token: "it is us"},
		Keys:     []Key{{Name: "a", Secret: mustSecret(t, "a static key"), Grant: Grant{Publish: mustPatterns(t, "live/a")}}},
	})
	until := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	app.says(200, `{"expires":"`+until.Format(time.RFC3339)+`","bitrate":1000,"viewers":3,"user":"eve","more":1}`)
	p := wants(t, r, publish("a token"), nil)
	if !p.Until.Equal(until) || p.Bitrate != 1000 || p.Viewers != 3 || p.Holder != "callback:eve" {
		t.Errorf("%+v", p)
	}
	if q := *app.last.Load(); q != (question{"publish", "live/a", "rtmp", "192.0.2.1", "", "a token"}) {
		t.Errorf("it was asked %+v", q)
	}
	asked := app.asked.Load()
	wants(t, r, publish("a static key"), nil)
	if app.asked.Load() != asked {
		t.Error("asked for what is known")
	}
	app.says(204, "")
	wants(t, r, publish("a static key").as(Publish, "other"), nil)
	wants(t, r, publish("").as(Play, "x"), nil) // it may let in those without any
	app.says(401, "")
	wants(t, r, publish("b"), ErrWrong)
	wants(t, r, publish(""), ErrMissing)
	app.says(403, "")
	wants(t, r, publish("b"), ErrForbidden)
	proof := publish("")
	proof.Proves = func(string) bool { return false }
	wants(t, r, proof, ErrWrong)
	for _, status := range []int{500, 404, 302, 429} {
		app.says(status, "", "Location", app.URL+"/yes")
		wants(t, r, publish("b"), ErrUnavailable)
	}
	for _, body := range []string{"yes", `{"bitrate":-1}`, `{"bitrate":"x"}`, "[", strings.Repeat(" ", maxAnswer) + "{}x"} {
		app.says(200, body)
		if _, err := r.Ask(context.Background(), publish("b")); (err == nil) != (len(body) > maxAnswer) {
			t.Errorf("%.20q: %v", body, err)
		}
	}
	app.Close()
	wants(t, r, publish("b"), ErrUnavailable)
}

func TestCallbackIsRemembered(t *testing.T) {
	app := serveApplication(t, "t")
	r := room(t, Config{Callback: &CallbackConfig{URL: app.URL, Token: "t"}})
	app.says(200, "", "Cache-Control", "private, max-age=60")
	for range 5 {
		wants(t, r, publish("good"), nil)
	}
	app.says(403, "", "Cache-Control", "max-age=60")
	wants(t, r, publish("good"), nil)
	wants(t, r, publish("good").from("192.0.2.1:6000"), nil)
	for range 5 {
		wants(t, r, publish("good").as(Publish, "live/b"), ErrForbidden)
		wants(t, r, publish("good").as(Play, "live/a"), ErrForbidden)
	}
	if n := app.asked.Load(); n != 3 {
		t.Errorf("asked %d times, want once for each of three", n)
	}
	for header, want := range map[string]time.Duration{
		"": 0, "no-store, max-age=60": 0, "max-age=60": time.Minute, `Max-Age="5"`: 5 * time.Second,
		"max-age=-1": 0, "max-age=x": 0, "max-age=999999999": longestAnswer,
	} {
		if got := freshness(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	c := r.rules.Load().callback
	for i := range 2 * maxAnswers {
		c.keep(digest{byte(i), byte(i >> 8), byte(i >> 16)}, decision{until: time.Now().Add(time.Hour)})
	}
	if len(c.answers) > maxAnswers {
		t.Errorf("%d answers are kept", len(c.answers))
	}
}

// TestCallbackThatHangs is a no in time, for those who wait for their turn too.
func TestCallbackThatHangs(t *testing.T) {
	hang := make(chan struct{})
	app := serveApplication(t, "t")
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	app.answer.Store(&h)
	defer close(hang)
	r := room(t, Config{Callback: &CallbackConfig{URL: app.URL, Token: "t", Timeout: 300 * time.Millisecond}})
	done := make(chan error)
	const crowd = 3 * maxCalls
	for i := range crowd {
		go func() {
			_, err := r.Ask(context.Background(), publish("").as(Play, strings.Repeat("a", i+1)))
			done <- err
		}()
	}
	for range crowd {
		if err := <-done; err == nil {
			t.Error("an application that hangs is a yes")
		}
	}
}
