package e2e

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"millrace/transmux/rtc/peer"
)

var whep = &protocol{
	name: "WHEP", path: "/whep/", direction: "recvonly", answered: "sendonly",
	forbidden: []string{"sendonly", "inactive"}, lines: linesOfWHEP,
	rows: append([]row{
		{line: "W7", level: "S", text: "one m-line that cannot be handled refuses the whole offer", test: func(e *exam) {
			e.want(is(422, 400, http.StatusNotAcceptable), http.MethodPost, e.endpoint(), offerOf(e.direction, "actpass", mOther, mAudio), "Content-Type", typeSDP)
		}},
		{line: "W8", level: "M", text: "simulcast is answered as RFC 8853 says", not: "players receive one rendition at a time; the layer extension chooses it (X5)"},
		{line: "W18", level: "S", text: "a stream that somebody publishes is 409", not: "players publish nothing; see E7"},
		{line: "E1", level: "M", text: "recvonly and sendrecv offers are answered sendonly", test: func(e *exam) {
			for _, direction := range []string{"recvonly", "sendrecv"} {
				s := e.offers(offerOf(direction, "actpass", mVideo, mAudio))
				for i, m := range s.sdp.media {
					if !s.sdp.has(m, "sendonly") {
						e.Errorf("%s: m-line %d is not sendonly", direction, i)
					}
				}
			}
		}},
		{line: "E2", level: "M", text: "inactive and sendonly offers are 4xx", test: func(e *exam) {
			for _, direction := range []string{"inactive", "sendonly"} {
				e.problem(e.want(any4xx, http.MethodPost, e.endpoint(), offerOf(direction, "actpass", mVideo), "Content-Type", typeSDP))
			}
		}},
		{line: "E3", level: "M", text: "an offer of the server's own comes as 406 with SDP and Location", test: func(e *exam) {
			for _, offer := range []string{"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", offerOf("recvonly", "actpass", mOther)} {
				s := e.proposed(offer)
				for i, m := range s.sdp.media {
					if !s.sdp.has(m, "sendonly") && !s.sdp.has(m, "sendrecv") {
						e.Errorf("m-line %d is no offer to watch: %v", i, m)
					}
					if s.sdp.value(m, "setup") != "actpass" || !s.sdp.has(m, "rtcp-mux") || s.sdp.value(m, "ice-pwd") == "" {
						e.Errorf("m-line %d: %v", i, m)
					}
				}
			}
		}},
		{line: "E4", level: "M", slow: true, text: "the answer to it is 204 and plays, or 4xx, or too late 404; 406 means nothing else", test: func(e *exam) {
			late := e.proposed(nothingOffered)
			proposed := time.Now()
			s := e.proposed(nothingOffered)
			for _, answer := range []string{"", "hello", offerOf("recvonly", "active", mVideo), offerOf("sendonly", "active", mVideo, mAudio), offerOf("recvonly", "passive", mVideo, mAudio)} {
				e.problem(e.want(any4xx, http.MethodPatch, s.url, answer, "Content-Type", typeSDP))
			}
			response, body := e.want(is(http.StatusNoContent), http.MethodPatch, s.url, offerOf("recvonly", "active", mVideo, mAudio), "Content-Type", typeSDP)
			if body != "" {
				e.Errorf("%s with %q", response.Status, body)
			}
			s.trickle(is(http.StatusNoContent), hostCandidate, "If-Match", s.etag)

			e.watches("live/there", func(o *peer.Options) { o.Invited = true }).more(e.T, 20)
			for _, wrong := range []string{"hello", offerOf("inactive", "actpass", mVideo), offerOf("recvonly", "actpass", mVideo, mVideo)} {
				if response, _ := e.do(http.MethodPost, e.endpoint(), wrong, "Content-Type", typeSDP); response.StatusCode == http.StatusNotAcceptable {
					e.Errorf("406 for %q", wrong)
				}
			}
			pass(e.T, time.Until(proposed.Add(31*time.Second))) // 30 s, as the draft has it
			e.problem(e.want(is(http.StatusNotFound), http.MethodPatch, late.url, offerOf("recvonly", "active", mVideo, mAudio), "Content-Type", typeSDP))
		}},
		{line: "E5", level: "S", text: "HEAD of the endpoint is 200 with application/sdp and no body", test: func(e *exam) {
			response, body := e.want(is(http.StatusOK), http.MethodHead, e.endpoint(), "")
			if response.Header.Get("Content-Type") != typeSDP || body != "" {
				e.Errorf("%v %q", response.Header, body)
			}
		}},
		{line: "E6", level: "M", text: "GET of endpoint and session is 2xx without content", test: func(e *exam) {
			for _, at := range []string{e.endpoint(), e.offered().url} {
				if _, body := e.want(is(2), http.MethodGet, at, ""); body != "" {
					e.Errorf("%s has content: %q", at, body)
				}
			}
		}},
		{line: "E7", level: "M", text: "a stream that nobody publishes is 409 with Retry-After", test: func(e *exam) {
			response, body := e.want(is(http.StatusConflict), http.MethodPost, e.g.whep("live/nobody"), e.offer(), "Content-Type", typeSDP)
			e.problem(response, body)
			if response.Header.Get("Retry-After") == "" {
				e.Error("no Retry-After")
			}
		}},
		{line: "E8", level: "M", text: "preflight, ICE servers, bearer, DELETE, PATCH and ETag as WHIP has them: each of W9 to W31 has its row for WHEP", test: func(e *exam) {
			for _, line := range linesUpTo("W", 35)[8:31] {
				if !slices.ContainsFunc(append(sharedRows, e.rows...), func(r row) bool { return r.line == line }) {
					e.Errorf("%s has no row", line)
				}
			}
		}},
		{line: "E9", level: "M", text: "one MediaStream: the same msid on each m-line, one track of a kind", test: func(e *exam) {
			s := e.offered()
			streams, kinds := map[string]bool{}, map[string]int{}
			for i, m := range s.sdp.media {
				stream, _, _ := strings.Cut(s.sdp.value(m, "msid"), " ")
				if stream == "" {
					e.Errorf("m-line %d has no msid", i)
				}
				streams[stream] = true
				kinds[strings.Fields(m[0])[0]]++
			}
			if len(streams) != 1 || kinds["m=video"] != 1 || kinds["m=audio"] != 1 {
				e.Errorf("streams %v, m-lines %v", streams, kinds)
			}
		}},
		{line: "E10", level: "O", text: "extensions are named in the 201 by Link, and not needed", test: func(e *exam) {
			if e.extension(e.offered(), extensionEvents) == "" {
				e.Error("no event streams")
			}
			e.watches("live/there", nil).more(e.T, 10) // by a client that knows nothing of them
		}},
	}, extensionRows...),
}

// nothingOffered asks for an offer of the server's.
const nothingOffered = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

// proposed posts an offer and wants one of the server's back.
func (e *exam) proposed(offer string) *session {
	e.Helper()
	response, body := e.want(is(http.StatusNotAcceptable), http.MethodPost, e.endpoint(), offer, "Content-Type", typeSDP)
	if response.StatusCode != http.StatusNotAcceptable {
		e.FailNow()
	}
	return e.sessionOf(response, body)
}
