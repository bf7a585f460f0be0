package e2e

import (
	"net/http"
	"strings"
)

var whip = &protocol{
	name: "WHIP", path: "/whip/", direction: "sendonly", answered: "recvonly",
	forbidden: []string{"recvonly", "inactive"}, lines: linesOfWHIP,
	rows: []row{
		{line: "W7", level: "S", text: "one m-line that cannot be handled refuses the whole offer, by 422 or 400", test: func(e *exam) {
			e.problem(e.want(is(422, 400), http.MethodPost, e.endpoint(), offerOf(e.direction, "actpass", mOther, mAudio), "Content-Type", typeSDP))
			if _, there := e.g.stream(e.endpoint()[len(e.g.url(e.path)):]); there {
				e.Error("something of it is there")
			}
		}},
		{line: "W8", level: "M", text: "simulcast is answered as RFC 8853 section 5.3.2 says", test: func(e *exam) {
			layers := mVideo + "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" +
				"a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n"
			s := e.offers(offerOf(e.direction, "actpass", layers))
			m := s.sdp.media[0]
			simulcast := s.sdp.value(m, "simulcast")
			list, ok := strings.CutPrefix(simulcast, "recv ")
			rids := map[string]bool{}
			for _, rid := range s.sdp.values(m, "rid") {
				name, direction, _ := strings.Cut(rid, " ")
				if direction != "recv" || !strings.Contains("q h f", name) {
					e.Errorf("rid %q", rid)
				}
				rids[name] = true
			}
			for name := range strings.SplitSeq(list, ";") {
				if !rids[name] {
					e.Errorf("simulcast %q, of rids %v", simulcast, rids)
				}
			}
			if !ok || len(rids) != 3 {
				e.Errorf("simulcast %q, of rids %v", simulcast, rids)
			}
		}},
		{line: "W18", level: "S", text: "a stream that somebody publishes is 409", test: func(e *exam) {
			c := e.connect()
			response, body := e.want(is(http.StatusConflict), http.MethodPost, c.at, e.offer(), "Content-Type", typeSDP)
			e.problem(response, body)
			c.flows()
			e.want(is(2), http.MethodDelete, c.session.url, "")
			within(e.T, patience, "the name is free", func() bool {
				response, _ := e.do(http.MethodPost, c.at, e.offer(), "Content-Type", typeSDP)
				return response.StatusCode == http.StatusCreated
			})
		}},
	},
}
