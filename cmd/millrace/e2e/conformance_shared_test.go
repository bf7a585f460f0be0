package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// strongTag is a strong entity tag (RFC 9110 section 8.8.3), quoted.
var strongTag = regexp.MustCompile(`^"[!#-~]+"$`)

// sharedRows are of what both protocols say in the same words.
var sharedRows = []row{
	{line: "W1", level: "M", text: "a good offer gives 201, an answer and a Location", test: func(e *exam) {
		s := e.offered()
		if len(s.sdp.media) != 2 {
			e.Errorf("the answer has %d m-lines", len(s.sdp.media))
		}
		e.want(is(2), http.MethodGet, s.url, "")
	}},
	{line: "W2", level: "M", text: "other content types and malformed offers are 4xx", test: func(e *exam) {
		good := e.offer()
		for kind, body := range map[string]string{"": good, "text/plain": good, typeJSON: `{"sdp":""}`, typeFragment: good} {
			if kind == "" {
				e.problem(e.want(any4xx, http.MethodPost, e.endpoint(), body))
			} else {
				e.problem(e.want(any4xx, http.MethodPost, e.endpoint(), body, "Content-Type", kind))
			}
		}
		for _, body := range []string{"", "hello", good[:40], strings.ReplaceAll(good, "a=ice-ufrag", "a=x"), strings.ReplaceAll(good, "a=fingerprint", "a=x")} {
			e.problem(e.want(any4xx, http.MethodPost, e.endpoint(), body, "Content-Type", typeSDP))
		}
		e.want(is(http.StatusCreated), http.MethodPost, e.endpoint(), good, "Content-Type", "application/SDP; charset=utf-8")
	}},
	{line: "W3", level: "M", text: "the answer has one direction, and offers of the wrong one are 4xx", test: func(e *exam) {
		s := e.offered()
		for i, m := range s.sdp.media {
			if !s.sdp.has(m, e.answered) {
				e.Errorf("m-line %d is not %s", i, e.answered)
			}
		}
		for _, direction := range e.forbidden {
			e.problem(e.want(any4xx, http.MethodPost, e.endpoint(), offerOf(direction, "actpass", mVideo, mAudio), "Content-Type", typeSDP))
		}
	}},
	{line: "W4", level: "M", text: "the answer is bundled, with rtcp-mux(-only), setup, fingerprint and all candidates", test: func(e *exam) {
		s := e.offered()
		if got := s.sdp.value(nil, "group"); got != "BUNDLE 0 1" {
			e.Errorf("group %q", got)
		}
		for i, m := range s.sdp.media {
			for _, name := range []string{"rtcp-mux", "rtcp-mux-only", "ice-ufrag", "ice-pwd", "mid"} {
				if !s.sdp.has(m, name) {
					e.Errorf("m-line %d has no %s", i, name)
				}
			}
			if setup := s.sdp.value(m, "setup"); setup != "passive" && setup != "active" {
				e.Errorf("m-line %d has setup %q", i, setup)
			}
			if f := s.sdp.value(m, "fingerprint"); !strings.HasPrefix(f, "sha-256 ") {
				e.Errorf("m-line %d has fingerprint %q", i, f)
			}
			if strings.Fields(m[0])[1] == "0" {
				e.Errorf("m-line %d is refused", i)
			}
		}
		if len(s.sdp.values(s.sdp.media[0], "candidate")) == 0 || !s.sdp.has(s.sdp.media[0], "end-of-candidates") {
			e.Error("candidates are missing, and no more may come")
		}
	}},
	{line: "W5", level: "S", text: "setup actpass works, and active, or is 422 or 400", test: func(e *exam) {
		e.want(is(http.StatusCreated), http.MethodPost, e.endpoint(), offerOf(e.direction, "actpass", mVideo), "Content-Type", typeSDP)
		e.want(is(http.StatusCreated), http.MethodPost, e.elseStream(), offerOf(e.direction, "active", mVideo), "Content-Type", typeSDP)
		e.problem(e.want(is(422, 400), http.MethodPost, e.endpoint(), offerOf(e.direction, "passive", mVideo), "Content-Type", typeSDP))
	}},
	{line: "W6", level: "M", text: "two tracks of a kind are 422 or 400 as a whole", test: func(e *exam) {
		for _, m := range []string{mVideo, mAudio} {
			e.problem(e.want(is(422, 400), http.MethodPost, e.endpoint(), offerOf(e.direction, "actpass", m, m), "Content-Type", typeSDP))
		}
	}},
	{line: "W9", level: "M", text: "GET and HEAD of endpoint and session are 2xx without content", test: func(e *exam) {
		for _, at := range []string{e.endpoint(), e.offered().url} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if response, body := e.want(is(2), method, at, ""); body != "" || response.ContentLength > 0 {
					e.Errorf("%s %s has content: %q", method, at, body)
				}
			}
		}
	}},
	{line: "W10", level: "S", text: "OPTIONS of the endpoint is 200 with Accept-Post: application/sdp", test: func(e *exam) {
		response, _ := e.want(is(http.StatusOK), http.MethodOptions, e.endpoint(), "")
		hasWord(e.T, response.Header, "Accept-Post", typeSDP)
	}},
	{line: "W11", level: "M", text: "preflights are allowed what clients send, without a credential and without ICE servers", test: func(e *exam) {
		for _, at := range []string{e.endpoint(), e.offered().url} {
			for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
				response, _ := e.want(is(2), http.MethodOptions, at, "", "Access-Control-Request-Method", method,
					"Access-Control-Request-Headers", "authorization,content-type,if-match")
				h := response.Header
				hasWord(e.T, h, "Access-Control-Allow-Origin", "*")
				for _, word := range []string{"POST", "PATCH", "DELETE", "OPTIONS"} {
					hasWord(e.T, h, "Access-Control-Allow-Methods", word)
				}
				for _, word := range []string{"Authorization", "Content-Type", "If-Match"} {
					hasWord(e.T, h, "Access-Control-Allow-Headers", word)
				}
				if h.Get("Link") != "" {
					e.Errorf("Link: %s", h.Get("Link"))
				}
			}
		}
	}},
	{line: "W12", level: "S", text: "pages from elsewhere may read Location, ETag and Link of the 201", test: func(e *exam) {
		h := e.offered().header
		hasWord(e.T, h, "Access-Control-Allow-Origin", "*")
		for _, word := range []string{"Location", "ETag", "Link"} {
			hasWord(e.T, h, "Access-Control-Expose-Headers", word)
		}
	}},
	{
		line: "W13", level: "M", text: "bearer tokens are taken on endpoint and session",
		not: "no 401 here, where nothing needs a credential yet; with its WWW-Authenticate it is tested in transmux/rtc/resource",
		test: func(e *exam) {
			bearer := []string{"Authorization", "Bearer some.token-or_other~+/="}
			s := e.offered(bearer...)
			s.trickle(is(http.StatusNoContent), hostCandidate, append(bearer, "If-Match", s.etag)...)
			e.want(is(2), http.MethodDelete, s.url, "", bearer...)
		},
	},
	{line: "W14", level: "O", text: "ICE servers are named in the 201, parameters quoted, one Link each, and not in preflights", test: func(e *exam) {
		e = e.elsewhere("MILLRACE_WEBRTC_ICE_SERVERS=stun:stun.example.org:3478, turn:turn.example.org?transport=udp me p\"w")
		var servers []link
		for _, l := range links(e, e.offered().header) {
			if l.parameters["rel"] == "ice-server" {
				servers = append(servers, l)
			}
		}
		if len(servers) != 2 || servers[0].target != "stun:stun.example.org:3478" || servers[1].target != "turn:turn.example.org?transport=udp" {
			e.Fatalf("%+v", servers)
		}
		if p := servers[1].parameters; p["username"] != "me" || p["credential"] != `p"w` || p["credential-type"] != "password" {
			e.Errorf("%s", servers[1].raw)
		}
		response, _ := e.do(http.MethodOptions, e.endpoint(), "", "Access-Control-Request-Method", "POST")
		if response.Header.Get("Link") != "" {
			e.Errorf("the preflight has Link: %s", response.Header.Get("Link"))
		}
	}},
	{line: "W15", level: "M", text: "extensions have one Link each, of the protocol's URNs, and are never needed", test: func(e *exam) {
		seen := map[string]bool{}
		for _, l := range links(e, e.offered().header) {
			rel := l.parameters["rel"]
			if !strings.HasPrefix(rel, "urn:ietf:params:"+strings.ToLower(e.name)+":ext:") || seen[rel] {
				e.Errorf("Link: %s", l.raw)
			}
			seen[rel] = true
		}
	}},
	{
		line: "W16", level: "M", text: "never 301 or 302",
		not: "nothing is balanced by redirection: the gateway that is asked answers",
		test: func(e *exam) {
			for _, at := range []string{e.endpoint() + "/", e.endpoint() + "//x", e.g.url(e.path), e.g.url(strings.TrimSuffix(e.path, "/"))} {
				response, _ := e.do(http.MethodPost, at, e.offer(), "Content-Type", typeSDP)
				if response.StatusCode/100 == 3 {
					e.Errorf("%s gives %s", at, response.Status)
				}
			}
		},
	},
	{line: "W17", level: "S", text: "overload is 503 with Retry-After; POST, PATCH and DELETE are limited by 429", test: func(e *exam) {
		full := e.elsewhere("MILLRACE_LIMITS_VIEWERS=1", "MILLRACE_LIMITS_PUBLISHERS=2") // one publishes what is watched
		full.offered()
		response, body := full.want(is(http.StatusServiceUnavailable), http.MethodPost, full.elseStream(), full.offer(), "Content-Type", typeSDP)
		full.problem(response, body)
		if response.Header.Get("Retry-After") == "" {
			e.Error("503 without Retry-After")
		}
		hasty := e.elsewhere("MILLRACE_LIMITS_REQUESTS=1")
		for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
			at := hasty.g.url("/sessions/none")
			if method == http.MethodPost {
				at = hasty.endpoint()
			}
			for range 50 {
				if response, body = hasty.do(method, at, ""); response.StatusCode == http.StatusTooManyRequests {
					break
				}
			}
			if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
				e.Errorf("50 times %s gives %s", method, response.Status)
			}
			hasty.problem(response, body)
		}
	}},
	{line: "W19", level: "S", text: "session URLs are random and cannot be guessed", test: func(e *exam) {
		first, second := e.offered().url, e.offersAt(e.elseStream(), e.offer()).url
		id := first[strings.LastIndexByte(first, '/')+1:]
		if first == second || len(id) < 22 || strings.Contains(first, "there") || strings.Contains(first, "exam") {
			e.Errorf("%s, then %s", first, second)
		}
	}},
	{line: "W20", level: "M", text: "DELETE is 2xx whatever If-Match says, frees the media and ends ICE and DTLS; the next is 404", test: func(e *exam) {
		c := e.connect()
		e.want(is(2), http.MethodDelete, c.session.url, "", "If-Match", `"another"`)
		c.over(patience)
		within(e.T, patience, "close_notify", c.farewell)
		e.problem(e.want(is(http.StatusNotFound), http.MethodDelete, c.session.url, ""))
	}},
	{line: "W21", level: "M", text: "PATCH and DELETE of no session are 404", test: func(e *exam) {
		s := &session{e: e, url: e.g.url("/sessions/none"), ufrag: "abcd"}
		e.problem(s.trickle(is(http.StatusNotFound), hostCandidate, "If-Match", `"x"`))
		e.problem(e.want(is(http.StatusNotFound), http.MethodDelete, s.url, ""))
	}},
	{line: "W22", level: "M", text: "PATCH of another type or of no fragment is 4xx", test: func(e *exam) {
		s := e.offered()
		for _, kind := range []string{"", "text/plain", typeJSON, typeSDP} {
			headers := []string{"If-Match", s.etag}
			if kind != "" {
				headers = append(headers, "Content-Type", kind)
			}
			e.problem(e.want(any4xx, http.MethodPatch, s.url, "a=end-of-candidates\r\n", headers...))
		}
		for _, body := range []string{"", "hello", "{}", "a=ice-ufrag:abcd\r\n", "a=candidate:1\r\n"} {
			e.problem(e.want(any4xx, http.MethodPatch, s.url, body, "If-Match", s.etag, "Content-Type", typeFragment))
		}
	}},
	{line: "W23", level: "M", text: "where only one of trickling and restarting is supported the other is 422", not: "both are supported: W25 and W29"},
	{line: "W24", level: "M", text: "the 201 has a strong, quoted ETag that no other session has", test: func(e *exam) {
		first, second := e.offered().etag, e.offersAt(e.elseStream(), e.offer()).etag
		if !strongTag.MatchString(first) || !strongTag.MatchString(second) || first == second || first == `"*"` {
			e.Errorf("%s, then %s", first, second)
		}
	}},
	{line: "W25", level: "M", text: "trickling with the ETag is 204, without body and ETag", test: func(e *exam) {
		s := e.offered()
		for _, lines := range []string{hostCandidate, hostCandidate + "a=end-of-candidates\r\n"} {
			response, body := s.trickle(is(http.StatusNoContent), lines, "If-Match", s.etag)
			if body != "" || response.Header.Get("ETag") != "" {
				e.Errorf("body %q, ETag %q", body, response.Header.Get("ETag"))
			}
		}
	}},
	{line: "W26", level: "M", text: "PATCH without If-Match is 428", test: func(e *exam) {
		e.problem(e.offered().trickle(is(http.StatusPreconditionRequired), hostCandidate))
	}},
	{line: "W27", level: "M", text: "PATCH with another ETag is 412", test: func(e *exam) {
		s := e.offered()
		for _, etag := range []string{`"another"`, "W/" + s.etag, `"another", "one more"`} {
			e.problem(s.trickle(is(http.StatusPreconditionFailed), hostCandidate, "If-Match", etag))
		}
		s.trickle(is(http.StatusNoContent), hostCandidate, "If-Match", `"another", `+s.etag)
	}},
	{line: "W28", level: "M", text: "candidates of unknown transports and names that do not resolve are passed over", test: func(e *exam) {
		s := e.offered()
		s.trickle(is(http.StatusNoContent), "a=candidate:1 1 sctp 1 192.0.2.1 9 typ host\r\n"+
			"a=candidate:2 1 udp 1 5b2f6d1e-0d4b-4f6a-bb0b-3e5b9f0a1a55.local 9 typ host\r\n"+
			"a=candidate:3 1 udp 1 no.such.example 9 typ host\r\n"+
			"a=candidate:4 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active\r\n"+hostCandidate, "If-Match", s.etag)
	}},
	{line: "W29", level: "M", text: "a restart with If-Match * or \"*\" is 200, with new credentials, candidates and ETag, and media goes on", test: func(e *exam) {
		s := e.offered()
		answer := strings.Join(append(slices.Clone(s.sdp.session), slices.Concat(s.sdp.media...)...), "\r\n") + "\r\n"
		for i, match := range []string{"*", `"*"`} {
			response, body := s.patch(is(http.StatusOK), fmt.Sprint("again", i), hostCandidate, "If-Match", match)
			answer = s.restarted(response, body, answer)
		}
		c := e.connect()
		for range 2 {
			c.restart()
			c.flows()
		}
	}},
	{line: "W30", level: "M", text: "a restart that cannot be is an error, and the session goes on as it was", test: func(e *exam) {
		c := e.connect()
		e.problem(e.want(any4xx, http.MethodPatch, c.session.url, "a=ice-ufrag:news\r\na=ice-pwd:short\r\n", "If-Match", "*", "Content-Type", typeFragment))
		e.want(is(http.StatusNoContent), http.MethodPatch, c.session.url, "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"+hostCandidate,
			"If-Match", c.session.etag, "Content-Type", typeFragment)
		c.flows()
		// One that the client began and never went through with.
		c.session.patch(is(http.StatusOK), "nevercomes", hostCandidate, "If-Match", "*")
		c.flows()
	}},
	{line: "W31", level: "M", text: "after a restart the old ETag is 412", test: func(e *exam) {
		s := e.offered()
		old := s.etag
		response, _ := s.patch(is(http.StatusOK), "again", hostCandidate, "If-Match", "*")
		s.patch(is(http.StatusPreconditionFailed), "again", hostCandidate, "If-Match", old)
		s.patch(is(http.StatusPreconditionFailed), "abcd", hostCandidate, "If-Match", old)
		s.patch(is(http.StatusNoContent), "again", hostCandidate, "If-Match", response.Header.Get("ETag"))
	}},
	{line: "W32", level: "M", slow: true, text: "a session whose consent is lost is removed, and one that ends by DTLS", test: func(e *exam) {
		gone, vanished := e.connect(), (*connection)(nil)
		gone.leave()
		gone.over(patience)
		e.want(is(http.StatusNotFound), http.MethodGet, gone.session.url, "")
		vanished = e.connect()
		vanished.vanish()
		vanished.over(slack(40 * time.Second)) // RFC 7675: 30 s, and what was heard last
		within(e.T, patience, "404", func() bool {
			response, _ := e.do(http.MethodGet, vanished.session.url, "")
			return response.StatusCode == http.StatusNotFound
		})
	}},
	{line: "W33", level: "M", text: "PATCHes that overlap or come out of order go by the ETag, and none is a 5xx", test: func(e *exam) {
		s := e.offered()
		var work sync.WaitGroup
		for i := range 30 {
			work.Go(func() {
				if i%2 == 0 {
					s.patch(is(http.StatusOK, http.StatusNoContent), fmt.Sprint("again", i), hostCandidate, "If-Match", "*")
				} else {
					s.trickle(is(http.StatusNoContent, http.StatusPreconditionFailed), hostCandidate, "If-Match", s.etag)
				}
			})
		}
		work.Wait()
		s.patch(is(http.StatusOK), "last", hostCandidate, "If-Match", "*")
	}},
	{
		line: "W34", level: "M", text: "HTTPS in deployment; errors are problem+json",
		not: "TLS is the reverse proxy's in front; the media is encrypted by itself",
		test: func(e *exam) {
			e.problem(e.want(any4xx, http.MethodPost, e.endpoint(), "hello", "Content-Type", typeSDP))
			e.problem(e.want(any4xx, http.MethodPut, e.endpoint(), "hello", "Content-Type", typeSDP))
		},
	},
	{line: "W35", level: "S", text: "ICE is full, not lite", test: func(e *exam) {
		if d := e.offered().sdp; d.has(d.media[0], "ice-lite") {
			e.Error("a=ice-lite")
		}
	}},
}
