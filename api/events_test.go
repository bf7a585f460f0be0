package api

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"millrace/api/apitest"
	"millrace/transmux/journal"
)

func TestListOfEvents(t *testing.T) {
	s := newContractSite(t)
	for i := range 10 {
		s.journal.Tell(journal.Event{Kind: journal.Kinds()[i%2], Stream: fmt.Sprint("live/", i%3), At: time.Now()})
	}
	list := func(p apitest.ListEventsParams) (seqs []uint64) {
		t.Helper()
		answer, err := s.client.ListEventsWithResponse(t.Context(), &p)
		if err != nil || answer.JSON200 == nil {
			t.Fatalf("%+v, %v", answer, err)
		}
		for _, e := range answer.JSON200.Events {
			seqs = append(seqs, e.Seq)
		}
		return seqs
	}
	events, _ := s.journal.After(0, 10)
	for _, tt := range []struct {
		params apitest.ListEventsParams
		want   []uint64
	}{
		{apitest.ListEventsParams{}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{apitest.ListEventsParams{Limit: new(2)}, []uint64{9, 10}},
		{apitest.ListEventsParams{Stream: new("live/1")}, []uint64{2, 5, 8}},
		{apitest.ListEventsParams{Kind: new([]string{string(journal.Kinds()[1])}), Limit: new(2)}, []uint64{8, 10}},
		{apitest.ListEventsParams{Kind: new([]string{string(journal.Kinds()[0]), string(journal.Kinds()[1])}), Limit: new(1)}, []uint64{10}},
		{apitest.ListEventsParams{After: new(events[2].ID), Limit: new(2)}, []uint64{4, 5}},
		{apitest.ListEventsParams{After: new(events[9].ID)}, nil},
	} {
		if got := list(tt.params); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%v, want %v", got, tt.want)
		}
	}
	gone, err := s.client.ListEventsWithResponse(t.Context(), &apitest.ListEventsParams{After: new("OTHERBOOT0-3")})
	if err != nil || gone.StatusCode() != http.StatusGone || gone.ApplicationProblemJSONDefault == nil {
		t.Errorf("after one of another start: %+v, %v", gone, err)
	}
}

// following reads server-sent events from a real server.
type following struct {
	*bufio.Scanner
	close func()
}

func follow(t *testing.T, url string, header ...string) *following {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer key of the admin")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	return &following{bufio.NewScanner(resp.Body), func() { _ = resp.Body.Close() }}
}

// next is the next event's lines, without comments; "" at the end.
func (f *following) next() string {
	var lines []string
	for f.Scan() {
		switch line := f.Text(); {
		case line == "" && len(lines) > 0:
			return strings.Join(lines, "|")
		case line != "" && line[0] != ':':
			lines = append(lines, line)
		}
	}
	return ""
}

// TestFollowingEvents over a real connection: what happens comes, who comes back
// goes on where they were, who was away for too long is told, and a server that
// stops ends it at once.
func TestFollowingEvents(t *testing.T) {
	s := newContractSite(t)
	s.journal = journal.New("a", 4)
	s.api.cfg.Journal = s.journal
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, listener, s.handler, slog.New(slog.DiscardHandler)) }()
	defer func() { stop(); <-served }()
	url := "http://" + listener.Addr().String() + "/api/v1/events"

	s.journal.Tell(journal.Event{Kind: journal.PublisherStarted, Stream: "live/before"})
	f, only := follow(t, url), follow(t, url+"?stream=live/b&kind=publisher.stopped")
	for range 2 { // both follow, as soon as they have read the first comment
		f.Scan()
		only.Scan()
	}
	s.journal.Tell(journal.Event{Kind: journal.PublisherStarted, Stream: "live/a"})
	s.journal.Tell(journal.Event{Kind: journal.PublisherStarted, Stream: "live/b"})
	s.journal.Tell(journal.Event{Kind: journal.PublisherStopped, Stream: "live/b", Cause: "tired"})
	events, _ := s.journal.After(0, 10)
	for _, e := range events[1:] {
		got := f.next()
		if !strings.HasPrefix(got, "id: "+e.ID+"|event: "+string(e.Kind)+"|data: {") || !strings.Contains(got, e.Stream) {
			t.Errorf("%s, want %+v", got, e)
		}
	}
	if got := only.next(); !strings.Contains(got, "tired") {
		t.Errorf("with a filter: %s", got)
	}
	f.close()

	f = follow(t, url, "Last-Event-ID", events[1].ID)
	if got := f.next(); !strings.Contains(got, events[2].ID) {
		t.Errorf("after having been away: %s", got)
	}
	f.close()
	for range 10 {
		s.journal.Tell(journal.Event{Kind: journal.FirstViewer})
	}
	f = follow(t, url, "Last-Event-ID", events[1].ID)
	if got := f.next(); got != `event: missed|data: {"missed":8}` {
		t.Errorf("after too long: %s", got)
	}
	f.close()
	f = follow(t, url+"?after=OTHERBOOT0-7")
	if got := f.next(); got != `event: missed|data: {"missed":null}` {
		t.Errorf("from another start: %s", got)
	}
	for range 20 { // the rest of what is kept, and then the end
		if f.next() == "" {
			break
		}
		stop()
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	served <- nil
}

// TestQuietFollowers: a comment now and then, and no more clients than may.
func TestQuietFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &API{cfg: Config{Journal: journal.New("a", 0)}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan string, maxFollowers)
		for range maxFollowers {
			go func() {
				w := httptest.NewRecorder()
				a.followEvents(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil), ListEventsParams{})
				done <- w.Body.String()
			}()
		}
		synctest.Wait()
		w := httptest.NewRecorder()
		a.followEvents(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil), ListEventsParams{})
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || a.followers.refused.Load() != 1 {
			t.Errorf("one too many: %d %v", w.Code, w.Header())
		}
		time.Sleep(2*followPulse + time.Second)
		cancel()
		for range maxFollowers {
			if text := <-done; strings.Count(text, ":\n\n") != 2 {
				t.Fatalf("%q", text)
			}
		}
		if n := a.followers.now.Load(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}
