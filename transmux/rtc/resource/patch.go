package resource

import (
	"errors"
	"net/http"
	"strings"

	"millrace/transmux/problem"
	"millrace/transmux/rtc/sender"
)

// patch changes a session's ICE: trickled candidates, or a restart (RFC 9725
// section 4.3); or it takes the answer to an offer of ours.
func (room *Room) patch(w http.ResponseWriter, r *http.Request) {
	e := room.find(r)
	if e == nil {
		Fail(w, errNoSession())
		return
	}
	if err := e.current().Authorize(r.Context(), credential(r)); err != nil {
		Fail(w, err)
		return
	}
	if _, waits := e.current().(Proposal); waits && contentType(r) == typeSDP {
		e.takeAnswer(w, r)
		return
	}
	raw, err := Body(r, typeFragment, maxFragment)
	if err != nil {
		w.Header().Set("Accept-Patch", typeFragment)
		Fail(w, err)
		return
	}
	f, err := parseFragment(raw)
	if err != nil {
		Fail(w, problem.New(http.StatusBadRequest, "The body is no SDP fragment as RFC 8840 has them: "+err.Error()+"."))
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch err := e.precondition(r); {
	case err != nil:
		Fail(w, err)
	case f.ufrag == "" || f.ufrag == e.session.Agent().RemoteUfrag():
		// The candidates are not needed: the peer's checks tell where it is.
		w.WriteHeader(http.StatusNoContent)
	default:
		e.restart(w, r, f)
	}
}

// restart answers with our side of the next ICE session. Where that cannot be, the
// one that is goes on.
func (e *entry) restart(w http.ResponseWriter, r *http.Request, f fragment) {
	if _, waits := e.session.(Proposal); waits {
		Fail(w, problem.New(http.StatusConflict, "There is nothing to restart yet: send the answer to the offer first, as application/sdp."))
		return
	}
	agent := e.session.Agent()
	local, err := agent.Restart(f.ufrag, f.pwd)
	switch {
	case errors.Is(err, sender.ErrClosed):
		Fail(w, errNoSession())
		return
	case err != nil:
		Fail(w, problem.New(http.StatusServiceUnavailable, "ICE could not be restarted; the session goes on as it was. Try again.").After(RetrySoon))
		return
	}
	e.etag = newTag()
	h := w.Header()
	h.Set("Content-Type", typeFragment)
	h.Set("ETag", e.etag)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(f.answer(local, agent.Candidates(peerOf(r).Addr()))) // a client that is gone shows by its silence
}

// takeAnswer makes a session of a proposal. The answer is to one offer, so a tag
// is not needed with it; a wrong one is wrong all the same.
func (e *entry) takeAnswer(w http.ResponseWriter, r *http.Request) {
	answer, err := Body(r, typeSDP, maxSDP)
	if err != nil {
		Fail(w, err)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	proposal, waits := e.session.(Proposal)
	if !waits {
		Fail(w, problem.New(http.StatusConflict, "The offer has been answered already."))
		return
	}
	if r.Header.Get("If-Match") != "" {
		if err := e.precondition(r); err != nil {
			Fail(w, err)
			return
		}
	}
	session, err := proposal.Answer(r.Context(), answer)
	if err != nil {
		Fail(w, err)
		return
	}
	e.session = session
	w.WriteHeader(http.StatusNoContent)
}

// precondition is If-Match's (RFC 9110 section 13.1.1), which must be there (RFC
// 6585 section 3). RFC 9725 writes the asterisk of a restart with and without
// quotes.
func (e *entry) precondition(r *http.Request) error {
	list := strings.TrimSpace(strings.Join(r.Header.Values("If-Match"), ","))
	switch list {
	case "":
		return problem.New(http.StatusPreconditionRequired, "Say with If-Match which ICE session is meant: the ETag of the last 201 or 200, or * to restart ICE.")
	case "*", `"*"`:
		return nil
	}
	for tag := range strings.SplitSeq(list, ",") { // no tag of ours has a comma
		if strings.TrimSpace(tag) == e.etag {
			return nil
		}
	}
	return problem.New(http.StatusPreconditionFailed, "This is not the ETag of the session's present ICE session. Restart ICE with If-Match: *, or go on with the newest one.")
}
