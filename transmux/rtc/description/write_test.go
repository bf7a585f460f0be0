package description

import (
	"strings"
	"testing"

	"millrace/transmux/av"
)

// mirror answers an offer with all that is in it.
func mirror(o *Offer) *Answer {
	a := &Answer{
		Ufrag: "ours", Pwd: "a password of twenty-two", Fingerprint: "sha-256 AB", Name: "x",
		Direction: SendOnly, Candidates: []string{"1 1 udp 2130706431 192.0.2.1 8000 typ host"}, Alone: !o.Bundle,
	}
	for i := range o.Media {
		m := AnswerMedia{Media: &o.Media[i], SSRC: uint32(1 + 2*i), RTXSSRC: uint32(2 + 2*i)}
		for j := range o.Media[i].Formats {
			if f := &o.Media[i].Formats[j]; f.Codec() != 0 {
				m.Formats = append(m.Formats, f.Keeping("nack", "nack pli", "ccm fir"))
			}
		}
		a.Media = append(a.Media, m)
	}
	return a
}

// lines are the description's, in sections: the session's first, then each m-line's.
func lines(t *testing.T, raw []byte) (sections [][]string) {
	t.Helper()
	sections = [][]string{nil}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		if len(line) < 2 || line[1] != '=' || strings.ContainsAny(line, "\r\n") {
			t.Errorf("the line %q", line)
			continue
		}
		if line[0] == 'm' {
			sections = append(sections, nil)
		}
		last := len(sections) - 1
		sections[last] = append(sections[last], line)
	}
	return sections
}

func has(section []string, line string) bool {
	for _, l := range section {
		if l == line {
			return true
		}
	}
	return false
}

// TestAnswersAreAsWHEPWantsThem: RFC 9725 section 4.4, WHEP section 4.4.
func TestAnswersAreAsWHEPWantsThem(t *testing.T) {
	o, err := ParseOffer([]byte(read(t, "chromium-watch.sdp")), RecvOnly)
	if err != nil {
		t.Fatal(err)
	}
	sections := lines(t, mirror(o).Write())
	if !has(sections[0], "a=group:BUNDLE 0 1") {
		t.Errorf("no group: %v", sections[0])
	}
	for i, s := range sections[1:] {
		kind := []string{"video", "audio"}[i]
		for _, want := range []string{
			"a=sendonly", "a=rtcp-mux", "a=rtcp-mux-only", "a=setup:passive", "a=fingerprint:sha-256 AB",
			"a=ice-ufrag:ours", "a=mid:" + o.Media[i].MID, "a=msid:x " + kind,
		} {
			if !has(s, want) {
				t.Errorf("m-line %d has no %s", i, want)
			}
		}
	}
	if !has(sections[1], "a=end-of-candidates") || !has(sections[1], "a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host") {
		t.Error("the candidates are not all there")
	}
	text := strings.Join(sections[1], "\n")
	if strings.Index(text, "a=ssrc:1 ") > strings.Index(text, "a=ssrc:2 ") {
		t.Error("the retransmissions' source comes first: Chromium drops the video then")
	}
}

func TestAnOfferOfOurs(t *testing.T) {
	video := Media{Kind: av.Video, MID: "0"}
	a := Answer{
		Ufrag: "ours", Pwd: "p", Fingerprint: "sha-256 AB", Name: "x", Direction: SendOnly, Offer: true, Why: "because",
		Media: []AnswerMedia{{Media: &video, SSRC: 1, Formats: []*Format{{PayloadType: 98, Name: "VP9", ClockRate: 90000}}}},
	}
	sections := lines(t, a.Write())
	if !has(sections[0], "i=because") || !has(sections[1], "a=setup:actpass") || !has(sections[1], "a=rtpmap:98 VP9/90000") {
		t.Errorf("%v", sections)
	}
	// What we write others can read, and we can.
	back := strings.ReplaceAll(string(a.Write()), "a=ice-pwd:p", "a=ice-pwd:abcdefghijklmnopqrstuvwx")
	if _, err := ParseOffer([]byte(back), SendOnly); err != nil {
		t.Error(err)
	}
}

func FuzzParseOffer(f *testing.F) {
	for _, name := range []string{
		"chromium-watch.sdp", "chromium-simulcast.sdp", "firefox-watch.sdp", "safari-watch.sdp", "gstreamer-publish.sdp", "obs-publish.sdp", "pion-answer.sdp",
	} {
		f.Add([]byte(read(f, name)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := ParseOffer(raw, RecvOnly, SendOnly, SendRecv)
		if err == nil {
			checkBounds(t, o)
			lines(t, mirror(o).Write())
		}
		if o, err = ParseAnswer(raw, "0", "1"); err == nil {
			checkBounds(t, o)
		}
	})
}

// checkBounds wants of whatever was read that it is no larger than it may be.
func checkBounds(t *testing.T, o *Offer) {
	t.Helper()
	if len(o.Media) > maxMedia || len(o.Ufrag) > 256 || len(o.Pwd) > 256 {
		t.Errorf("%d m-lines, %d and %d characters of credentials", len(o.Media), len(o.Ufrag), len(o.Pwd))
	}
	for _, m := range o.Media {
		if len(m.Formats) > maxFormats || len(m.Extensions) > maxExtensions || len(m.RIDs) > maxRIDs || len(m.Sources) > maxSources {
			t.Errorf("%d formats, %d extensions, %d layers, %d sources", len(m.Formats), len(m.Extensions), len(m.RIDs), len(m.Sources))
		}
		for _, format := range m.Formats {
			if len(format.Parameters) > maxParameters || len(format.Feedback) > maxFeedback {
				t.Errorf("%d parameters, %d kinds of feedback", len(format.Parameters), len(format.Feedback))
			}
		}
	}
}
