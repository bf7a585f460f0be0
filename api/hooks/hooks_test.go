package hooks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/journal"
)

// TestDownForAMinute: a receiver that is away for a minute gets every event
// afterwards, in order for each stream, and none twice by its id once those are left
// out whose answer was lost.
func TestDownForAMinute(t *testing.T) {
	bubble(t, 0, web(nil), func(h *house) {
		const streams, each = 20, 60
		var n atomic.Int64
		h.answers(func(http.ResponseWriter, *http.Request, *Message) {
			if n.Add(1)%7 == 0 {
				panic(http.ErrAbortHandler) // it has the event, and we do not know
			}
		})
		for i := range each {
			switch i {
			case 15:
				h.net.cut(true)
				h.answers(func(http.ResponseWriter, *http.Request, *Message) { panic(http.ErrAbortHandler) })
			case 45:
				h.net.cut(false)
				h.answers(nil)
			}
			for s := range streams {
				h.tell(journal.PublisherChanged, streamName(s))
			}
			time.Sleep(2 * time.Second)
		}
		time.Sleep(2 * lastPause)
		synctest.Wait()
		got := h.requests()
		if n := inOrder(t, got); n != streams*each {
			t.Errorf("%d of %d events came", n, streams*each)
		}
		if len(got) == streams*each {
			t.Error("no answer was ever lost: the test tests nothing")
		}
		s := h.status()
		if s.State != Idle || s.Queued != 0 || s.Counts.Delivered != streams*each || s.Counts.Failed == 0 || s.Counts.Missed+s.Counts.GivenUp+s.Counts.Refused != 0 {
			t.Errorf("%+v", s)
		}
		if h.log.Count("delivered again") == 0 {
			t.Error("the log does not say that it works again")
		}
	})
}

// TestTheScheduleOfRetries: pauses double up to half a minute, each with its jitter.
func TestTheScheduleOfRetries(t *testing.T) {
	bubble(t, 0, web(func(h *Hook) { h.GiveUp = 5 * time.Minute }), func(h *house) {
		h.answers(func(w http.ResponseWriter, _ *http.Request, _ *Message) { w.WriteHeader(http.StatusBadGateway) })
		h.tell(journal.SourceUp, "live/a")
		time.Sleep(10 * time.Second)
		if s := h.status(); s.State != Retrying || s.Queued != 1 || s.RetryingSince.IsZero() || !s.Next.After(time.Now()) || !strings.Contains(s.LastError, "502 Bad Gateway") {
			t.Errorf("while it is tried again: %+v", s)
		}
		time.Sleep(10 * time.Minute)
		got := h.requests()
		for i := 1; i < len(got); i++ {
			want := min(firstPause<<(i-1), lastPause)
			if pause := got[i].at.Sub(got[i-1].at); pause < want*3/4 || pause > want*5/4+time.Millisecond {
				t.Errorf("pause %d is %s, want %s and a quarter more or less", i, pause, want)
			}
		}
		if len(got) < 12 || got[len(got)-1].at.Sub(got[0].at) < 5*time.Minute {
			t.Errorf("given up after %d attempts", len(got))
		}
		s := h.status()
		if s.Counts.GivenUp != 1 || s.Counts.Failed != uint64(len(got)) || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
		if n := h.log.Count("level=WARN"); n != 2 {
			t.Errorf("%d warnings of %d attempts:\n%s", n, len(got), h.log.String())
		}
	})
}

// TestAnswers: what is taken, what is never tried again, and what is tried later.
func TestAnswers(t *testing.T) {
	for status, want := range map[int]struct {
		after string
		again time.Duration // 0: not again
		taken bool
	}{
		200: {taken: true},
		204: {taken: true},
		302: {again: firstPause},
		307: {again: firstPause},
		400: {},
		404: {},
		408: {again: firstPause},
		410: {},
		429: {after: "20", again: 20 * time.Second},
		500: {again: firstPause},
		501: {after: "tomorrow", again: firstPause},
		503: {after: "3600", again: maxRetryAfter},
		504: {after: "-1", again: firstPause},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			bubble(t, 0, web(nil), func(h *house) {
				h.answers(func(w http.ResponseWriter, _ *http.Request, _ *Message) {
					h.answers(nil)
					w.Header().Set("Retry-After", want.after)
					w.Header().Set("Location", "http://elsewhere.example/")
					w.WriteHeader(status)
				})
				h.tell(journal.SourceUp, "live/a")
				time.Sleep(time.Hour)
				got, counts := h.requests(), h.status().Counts
				switch {
				case want.taken:
					if len(got) != 1 || counts.Delivered != 1 || counts.Failed != 0 {
						t.Errorf("%d requests, %+v", len(got), counts)
					}
				case want.again == 0:
					if len(got) != 1 || counts.Refused != 1 || counts.Failed != 1 {
						t.Errorf("%d requests, %+v", len(got), counts)
					}
				case len(got) != 2 || counts.Delivered != 1 || counts.Failed != 1:
					t.Errorf("%d requests, %+v", len(got), counts)
				default:
					if pause := got[1].at.Sub(got[0].at); pause < want.again*3/4 || pause > want.again*5/4 {
						t.Errorf("again after %s, want %s", pause, want.again)
					}
				}
				if slices.ContainsFunc(h.net.dials, func(to string) bool { return strings.Contains(to, "elsewhere") }) {
					t.Error("it went elsewhere")
				}
			})
		})
	}
}

// TestRetryAfterADate is the header's other form.
func TestRetryAfterADate(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := retryAfter("Wed, 02 Jan 2030 03:05:05 GMT", now); got != time.Minute {
		t.Errorf("%s", got)
	}
	if got := wished(later{http.ErrAbortHandler, retryAfter("Wed, 02 Jan 2019 03:05:05 GMT", now)}); got != 0 {
		t.Errorf("a date of long ago is %s", got)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Wed, 02 Jan 2030 03:05:05 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if got := wished(later{http.ErrAbortHandler, retryAfter(text, time.Now())}); got < 0 || got > maxRetryAfter {
			t.Errorf("%q is %s", text, got)
		}
	})
}

// TestPoison: an event that nobody can take holds its own stream up for as long as
// give_up says, others of its lane too, and the other lanes not at all.
func TestPoison(t *testing.T) {
	bubble(t, 0, web(func(h *Hook) { h.GiveUp = time.Minute; h.Parallel = 8 }), func(h *house) {
		h.answers(func(w http.ResponseWriter, _ *http.Request, m *Message) {
			if m.Stream == streamName(0) && m.Kind == journal.PublisherStarted {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		const streams = 100
		for _, kind := range []journal.Kind{journal.PublisherStarted, journal.PublisherStopped} {
			for s := range streams {
				h.tell(kind, streamName(s))
			}
		}
		time.Sleep(10 * time.Second)
		if s := h.status(); s.Counts.Delivered < streams || s.Queued == 0 {
			t.Errorf("the others wait: %+v", s)
		}
		time.Sleep(2 * time.Minute)
		inOrder(t, h.requests())
		if s := h.status(); s.Counts.Delivered != 2*streams-1 || s.Counts.GivenUp != 1 || s.Queued != 0 || s.State != Idle {
			t.Errorf("%+v", s)
		}
	})
}

// TestOnlyWhatIsWanted: kinds and patterns of streams.
func TestOnlyWhatIsWanted(t *testing.T) {
	kinds, err := ParseKinds([]string{"publisher.*", "node.drain"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(h *Hook)
		want   []string
	}{
		"all":     {nil, []string{"publisher.started live/a", "viewers.first live/a", "publisher.stopped test/b/c", "node.drain "}},
		"kinds":   {func(h *Hook) { h.Kinds = kinds }, []string{"publisher.started live/a", "publisher.stopped test/b/c", "node.drain "}},
		"streams": {func(h *Hook) { h.Streams = []string{"other", "test/**"} }, []string{"publisher.stopped test/b/c"}},
		"both":    {func(h *Hook) { h.Kinds, h.Streams = kinds, []string{"live/*"} }, []string{"publisher.started live/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 0, web(tc.change), func(h *house) {
				h.tell(journal.PublisherStarted, "live/a")
				h.tell(journal.FirstViewer, "live/a")
				h.tell(journal.PublisherStopped, "test/b/c")
				h.tell(journal.DrainStarted, "")
				h.settled()
				var got []string
				for _, g := range h.requests() {
					got = append(got, string(g.Kind)+" "+g.Stream)
					if e := g.header.Get(HeaderEvent); e != string(g.Kind) {
						t.Errorf("%s says that it is %s", g.Kind, e)
					}
				}
				slices.Sort(got)
				slices.Sort(tc.want)
				if !slices.Equal(got, tc.want) {
					t.Errorf("told %q, want %q", got, tc.want)
				}
				if s := h.status(); s.Queued != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// TestMissed: a receiver that is away for longer than the node remembers is told how
// much it has missed, once, and the rest.
func TestMissed(t *testing.T) {
	bubble(t, 200, web(nil), func(h *house) {
		h.net.cut(true)
		const all = 1000
		for i := range all {
			h.tell(journal.PublisherChanged, streamName(i%50))
			time.Sleep(100 * time.Millisecond)
		}
		if s := h.status(); s.State != Retrying || s.Queued == 0 {
			t.Errorf("%+v", s)
		}
		h.net.cut(false)
		time.Sleep(time.Minute)
		got := h.requests()
		var missed uint64
		n := 0
		for _, g := range got {
			if g.Kind == Missed {
				missed += g.Missed
			} else {
				n++
			}
		}
		// Lanes have some at hand when the rest goes.
		if n < 200 || missed > all-200 || int(missed)+n < all {
			t.Errorf("%d came, and %d were missed", n, missed)
		}
		inOrder(t, got)
		if s := h.status(); s.Counts.Missed != missed || s.Queued != 0 {
			t.Errorf("%d missed of %+v", missed, s)
		}
	})
}

// TestNobodyWaits: a receiver that never answers costs whoever tells events no time,
// and one attempt is over with its timeout.
func TestNobodyWaits(t *testing.T) {
	bubble(t, 0, web(func(h *Hook) { h.Timeout = 3 * time.Second }), func(h *house) {
		h.answers(func(_ http.ResponseWriter, r *http.Request, _ *Message) { <-r.Context().Done() })
		begun := time.Now()
		for i := range 20_000 {
			h.tell(journal.PublisherChanged, streamName(i))
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("telling took %s", took)
		}
		time.Sleep(3*time.Second + firstPause/2)
		s := h.status()
		if s.State != Retrying || s.Counts.Failed != DefaultParallel || !strings.Contains(s.LastError, "no answer within 3s") {
			t.Errorf("%+v", s)
		}
		begun = time.Now()
		h.stop()
		if took := time.Since(begun); took > lastChance+time.Second {
			t.Errorf("stopping took %s", took)
		}
		if h.log.Count("events are lost with the stop") != 1 {
			t.Error("the log does not say what is lost")
		}
	})
}

// TestHugeAnswers: what a receiver says is not kept, and no more of it is read than
// some.
func TestHugeAnswers(t *testing.T) {
	bubble(t, 0, web(nil), func(h *house) {
		var most int
		h.answers(func(w http.ResponseWriter, _ *http.Request, _ *Message) {
			n := 0
			for chunk := make([]byte, 16<<10); ; {
				k, err := w.Write(chunk)
				n += k
				if err != nil {
					break
				}
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			most = max(most, n)
		})
		h.tell(journal.SourceUp, "live/a")
		h.tell(journal.SourceDown, "live/a")
		h.settled()
		if s := h.status(); s.Counts.Delivered != 2 || s.Counts.Failed != 0 {
			t.Errorf("%+v", s)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if most == 0 || most > maxAnswer+64<<10 {
			t.Errorf("%d bytes were read of an answer", most)
		}
	})
}

// TestAtMostSoManyAtOnce: as many requests as there are lanes, and one for a stream.
func TestAtMostSoManyAtOnce(t *testing.T) {
	bubble(t, 0, web(func(h *Hook) { h.Parallel = 3 }), func(h *house) {
		now, most := map[string]int{}, 0
		h.answers(func(_ http.ResponseWriter, _ *http.Request, m *Message) {
			h.mu.Lock()
			if now[m.Stream]++; now[m.Stream] > 1 {
				t.Errorf("%s is told two things at once", m.Stream)
			}
			total := 0
			for _, n := range now {
				total += n
			}
			most = max(most, total)
			h.mu.Unlock()
			time.Sleep(time.Second)
			h.mu.Lock()
			now[m.Stream]--
			h.mu.Unlock()
		})
		for i := range 90 {
			h.tell(journal.PublisherChanged, streamName(i%30))
		}
		time.Sleep(5 * time.Minute)
		if s := h.status(); s.Counts.Delivered != 90 {
			t.Errorf("%+v", s)
		}
		if most != 3 {
			t.Errorf("%d at once", most)
		}
	})
}

// TestNoSecrets: what was set for the receiver only is neither logged nor shown.
func TestNoSecrets(t *testing.T) {
	hooks := web(func(h *Hook) {
		h.Token = "t0ken-s3cret"
		h.URL = "http://user:pass-s3cret@receiver.example/path-s3cret?q=query-s3cret"
	})
	hooks[0].Token = ""
	bubble(t, 0, hooks, func(h *house) {
		h.answers(func(w http.ResponseWriter, r *http.Request, _ *Message) {
			if _, password, ok := r.BasicAuth(); !ok || password != "pass-s3cret" {
				t.Error("the URL's password did not come")
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		h.tell(journal.SourceUp, "live/a")
		time.Sleep(time.Minute)
		h.net.cut(true)
		h.answers(func(http.ResponseWriter, *http.Request, *Message) { panic(http.ErrAbortHandler) })
		time.Sleep(time.Minute)
		h.stop()
		for what, text := range map[string]string{
			"the log": h.log.String(), "the status": fmt.Sprintf("%+v", h.room.Status()),
			"a hook printed": fmt.Sprintf("%v %+v %#v %s", hooks[0], hooks, hooks[0], hooks),
		} {
			if strings.Contains(text, "s3cret") {
				t.Errorf("%s has a secret: %s", what, text)
			}
		}
		if s := h.status(); s.Target != "http://receiver.example" {
			t.Errorf("%+v", s)
		}
	})
}

// TestABearer: the token goes to the receiver.
func TestABearer(t *testing.T) {
	bubble(t, 0, web(func(h *Hook) { h.Token = "t0ken" }), func(h *house) {
		h.tell(journal.SourceUp, "live/a")
		h.settled()
		if got := h.requests(); len(got) != 1 || got[0].header.Get("Authorization") != "Bearer t0ken" || got[0].header.Get("Content-Type") != "application/json" {
			t.Errorf("%+v", got)
		}
	})
}
