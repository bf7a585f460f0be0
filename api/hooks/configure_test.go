package hooks

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"millrace/transmux/journal"
)

// told are the streams that the receiver was told of over the hook of that path.
func (h *house) told(path string) (streams []string) {
	for _, g := range h.requests() {
		if g.path == "/"+path {
			streams = append(streams, g.Stream)
		}
	}
	return streams
}

// TestConfigure: a hook that has not changed goes on undisturbed, one that has goes
// on where it was, one that is new begins now, and one that is gone is told no more.
func TestConfigure(t *testing.T) {
	at := func(name, path string) Hook {
		return Hook{Name: name, URL: "http://receiver.example/" + path, Secret: secret, Parallel: 1}
	}
	bubble(t, 0, []Hook{at("same", "same"), at("moved", "old"), at("gone", "gone")}, func(h *house) {
		up := make(chan struct{})
		h.answers(func(w http.ResponseWriter, r *http.Request, _ *Message) {
			if r.URL.Path == "/same" {
				select {
				case <-up:
				case <-r.Context().Done():
					t.Error("the attempt of one that has not changed was broken off")
				}
			} else if r.URL.Path != "/new" && r.URL.Path != "/fresh" {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		h.tell(journal.PublisherStarted, "live/1")
		h.tell(journal.PublisherStarted, "live/2")
		h.settled()
		more := at("moved", "new")
		more.Parallel = 3
		h.room.Configure([]Hook{at("fresh", "fresh"), more, at("same", "same")})
		h.tell(journal.PublisherStarted, "live/3")
		h.settled()
		close(up)
		time.Sleep(time.Minute)
		for path, want := range map[string][]string{
			"same":  {"live/1", "live/2", "live/3"},
			"old":   {"live/1"},
			"new":   {"live/1", "live/2", "live/3"},
			"gone":  {"live/1"},
			"fresh": {"live/3"},
		} {
			got := h.told(path)
			slices.Sort(got) // lanes do not wait for each other
			if !slices.Equal(got, want) {
				t.Errorf("%s was told %v, want %v", path, got, want)
			}
		}
		var names []string
		for _, s := range h.room.Status() {
			names = append(names, s.Name)
		}
		if !slices.Equal(names, []string{"fresh", "moved", "same"}) {
			t.Errorf("there are %v", names)
		}
	})
}

// TestToldBeforeItServes: what happens while the gateway starts is told.
func TestToldBeforeItServes(t *testing.T) {
	j := journal.New("n", 0)
	room := New(web(nil), j, nil, nil)
	j.Tell(journal.Event{Kind: journal.SourceDown, Stream: "live/a"})
	if s := room.Status(); s[0].Queued != 1 {
		t.Errorf("%+v", s)
	}
}

// TestTheLastChance: what is pending when the gateway stops is delivered if the
// receiver takes it, and nobody is waited for who does not.
func TestTheLastChance(t *testing.T) {
	bubble(t, 0, web(nil), func(h *house) {
		h.answers(func(w http.ResponseWriter, _ *http.Request, _ *Message) { w.WriteHeader(http.StatusServiceUnavailable) })
		for i := range 10 {
			h.tell(journal.PublisherStopped, streamName(i))
		}
		time.Sleep(20 * time.Second)
		h.answers(func(http.ResponseWriter, *http.Request, *Message) { time.Sleep(100 * time.Millisecond) })
		begun := time.Now()
		h.stop()
		if took := time.Since(begun); took > lastChance {
			t.Errorf("it took %s", took)
		}
		if s := h.status(); s.Queued != 0 || s.Counts.Delivered != 10 || h.log.Count("lost") != 0 {
			t.Errorf("%+v\n%s", s, h.log.String())
		}
		h.room.Configure(nil) // after the end nothing begins
	})
	bubble(t, 0, web(nil), func(h *house) {
		h.net.cut(true)
		for i := range 10 {
			h.tell(journal.PublisherStopped, streamName(i))
		}
		time.Sleep(20 * time.Second)
		begun := time.Now()
		h.stop()
		if took := time.Since(begun); took > afterglow {
			t.Errorf("it waited %s for somebody who is not there", took)
		}
		if !strings.Contains(h.log.String(), "events=10") {
			t.Errorf("the log does not say how many are lost:\n%s", h.log.String())
		}
	})
}

// TestValidate: what no hook may be, in words that quote no secret.
func TestValidate(t *testing.T) {
	for name, h := range map[string]Hook{
		"no name":                {URL: "http://a.example"},
		"a name with a slash":    {Name: "a/b", URL: "http://a.example"},
		"nothing to do":          {Name: "a"},
		"both":                   {Name: "a", URL: "http://a.example", Command: []string{"true"}},
		"no URL":                 {Name: "a", URL: "s3cret"},
		"another scheme":         {Name: "a", URL: "ftp://s3cret@a.example"},
		"two credentials":        {Name: "a", URL: "http://s3cret@a.example", Token: "s3cret"},
		"a token of two lines":   {Name: "a", URL: "http://a.example", Token: "s3cret\r\nX: y"},
		"a signed command":       {Name: "a", Command: []string{"true"}, Secret: "s3cret"},
		"an empty command":       {Name: "a", Command: []string{"", "s3cret"}},
		"a zero byte":            {Name: "a", Command: []string{"true", "s3cret\x00"}},
		"a pattern that is none": {Name: "a", URL: "http://a.example", Streams: []string{"live//a"}},
	} {
		if err := h.Validate(); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, h := range []Hook{{Name: "a", URL: "https://a.example:1/b?c=d", Secret: "s", Token: "t", Streams: []string{"live/*"}}, {Name: "a-b.c_1", Command: []string{"true", "", "x y"}}} {
		if err := h.Validate(); err != nil {
			t.Error(err)
		}
	}
	if _, err := ParseKinds([]string{"publisher.started", "publisher.*"}); err != nil {
		t.Error(err)
	}
	for _, kind := range []string{"", "*", "publisher", "publisher*", "publisher.gone", ".*"} {
		if _, err := ParseKinds([]string{kind}); err == nil {
			t.Errorf("%q is a kind", kind)
		}
	}
}
