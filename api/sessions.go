package api

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"millrace/transmux/ledger"
	"millrace/transmux/problem"
)

// ListSessions is by age, a page at a time; only those on the page are asked how
// they do.
func (o operations) ListSessions(_ context.Context, r ListSessionsRequestObject) (ListSessionsResponseObject, error) {
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	if role := r.Params.Role; role != nil && !role.Valid() {
		return nil, problem.New(http.StatusBadRequest, "role is publisher or viewer.")
	}
	all := slices.DeleteFunc(o.cfg.Ledger.Sessions(), func(s ledger.Session) bool {
		p := r.Params
		return p.Stream != nil && s.Stream != *p.Stream || p.Role != nil && string(s.Role) != string(*p.Role) ||
			p.Protocol != nil && s.Protocol != *p.Protocol
	})
	begin := 0
	if text := given(r.Params.After); text != "" {
		if begin, err = after(all, text); err != nil {
			return nil, err
		}
	}
	end := min(begin+limit, len(all))
	list, now := SessionList{Sessions: []Session{}, Total: len(all)}, time.Now()
	for i := begin; i < end; i++ {
		list.Sessions = append(list.Sessions, o.session(&all[i], now))
	}
	if end < len(all) {
		list.Next = new(cursorOf(&all[end-1]))
	}
	return ListSessions200JSONResponse{Body: list}, nil
}

// cursorOf names a place in the ledger's order that is there when the session has
// gone.
func cursorOf(s *ledger.Session) string {
	return strconv.FormatInt(s.Since.UnixNano(), 36) + "-" + s.ID
}

// after is the index of what comes after the cursor.
func after(all []ledger.Session, cursor string) (int, error) {
	text, id, found := strings.Cut(cursor, "-")
	since, err := strconv.ParseInt(text, 36, 64)
	if !found || err != nil {
		return 0, problem.New(http.StatusBadRequest, "after is the next of a page before, as it was given.")
	}
	n, _ := slices.BinarySearchFunc(all, struct{}{}, func(s ledger.Session, _ struct{}) int {
		if c := cmp.Or(cmp.Compare(s.Since.UnixNano(), since), cmp.Compare(s.ID, id)); c > 0 {
			return 1
		}
		return -1
	})
	return n, nil
}

// GetSession is one of them.
func (o operations) GetSession(_ context.Context, r GetSessionRequestObject) (GetSessionResponseObject, error) {
	s, ok := o.cfg.Ledger.Session(r.ID)
	if !ok {
		return nil, noSession(r.ID)
	}
	return GetSession200JSONResponse(o.session(&s, time.Now())), nil
}

// EndSession has its end begin; that the peer has gone is seen in the list.
func (o operations) EndSession(_ context.Context, r EndSessionRequestObject) (EndSessionResponseObject, error) {
	s, ok := o.cfg.Ledger.Session(r.ID)
	switch {
	case !ok:
		return nil, noSession(r.ID)
	case s.End == nil:
		return nil, problem.New(http.StatusConflict, fmt.Sprintf("This session (%s) cannot be ended from here: end it at the peer.", s.Protocol))
	}
	o.cfg.Ledger.Kick(r.ID)
	o.log.Info("session ended by request", "session", r.ID, "role", s.Role, "stream", s.Stream, "protocol", s.Protocol, "remote", s.Remote)
	return EndSession204Response{}, nil
}

func noSession(id string) error {
	return &problem.Problem{
		Status: http.StatusNotFound, Title: "There is no such session",
		Detail: "No session of the id " + id + " is here now. GET /api/v1/sessions lists them.",
	}
}

// session tells a session in the API's words.
func (a *API) session(s *ledger.Session, now time.Time) Session {
	d := Session{
		ID: s.ID, Role: Role(s.Role), Stream: s.Stream, Protocol: s.Protocol, Remote: s.Remote, Agent: s.Agent, Holder: s.Holder,
		Since: s.Since.UTC(), Duration: millis(now.Sub(s.Since)),
	}
	if s.Numbers == nil {
		return d
	}
	n := s.Numbers()
	d.Remote, d.Agent = cmp.Or(n.Remote, d.Remote), cmp.Or(n.Agent, d.Agent)
	d.Transport, d.Video, d.Audio, d.Rendition = n.Transport, n.Video, n.Audio, n.Rendition
	d.Bytes, d.Packets, d.Lost, d.Resent = n.Bytes, n.Packets, n.Lost, n.Resent
	d.KeyframeRequests, d.Skipped, d.Connecting = n.Keyframes, n.Skipped, n.Connecting
	d.RoundTrip, d.Jitter, d.Behind = millis(n.RoundTrip), millis(n.Jitter), millis(n.Behind)
	d.Bitrate = int64(math.Round(a.rates.of(s.ID, n, s.Since, now)))
	// What a publisher lost never came; what a viewer lost was sent.
	if all := n.Packets + n.Lost; s.Role == ledger.Publisher && all > 0 {
		d.Loss = share(n.Lost, all)
	} else if n.Packets > 0 {
		d.Loss = share(n.Lost, n.Packets)
	}
	return d
}

func share(part, all uint64) float64 {
	return math.Round(min(1, float64(part)/float64(all))*1e4) / 1e4
}

// millis is the time in seconds, to a tenth of a millisecond.
func millis(d time.Duration) float64 { return math.Round(d.Seconds()*1e4) / 1e4 }
