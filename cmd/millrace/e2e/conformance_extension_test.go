package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"millrace/transmux/rtc/peer"
)

const (
	extensionEvents = "urn:ietf:params:whep:ext:core:server-sent-events"
	extensionLayer  = "urn:ietf:params:whep:ext:core:layer"
)

// extensionRows are of the WHEP core extensions.
var extensionRows = []row{
	{line: "X1", level: "M", text: "event streams are made by POST, of events that are advertised", test: func(e *exam) {
		s := e.offered()
		at := e.extension(s, extensionEvents)
		for _, body := range []string{`["active","inactive","layers","reconnect","viewercount"]`, `["active"]`} {
			response, _ := e.want(is(http.StatusCreated), http.MethodPost, at, body, "Content-Type", typeJSON)
			if response.Header.Get("Location") == "" {
				e.Error("no Location")
			}
		}
		e.want(is(http.StatusCreated), http.MethodPost, at, "") // all there are
		for _, body := range []string{`["active","nonsense"]`, `["scte35"]`, `{}`, `["active"`} {
			response, text := e.want(is(http.StatusBadRequest), http.MethodPost, at, body, "Content-Type", typeJSON)
			e.problem(response, text)
			if response.Header.Get("Location") != "" {
				e.Error("one was made all the same")
			}
		}
	}},
	{line: "X2", level: "M", text: "events come as event and one line of data, only those asked for; DELETE and the session's end end them", test: func(e *exam) {
		r := e.watches("live/there", nil)
		s := &session{e: e, url: r.Location()}
		all, some := e.listens(s, `["active","inactive","viewercount"]`), e.listens(s, `["inactive"]`)
		if data := all.next(e.T, "active"); data != "{}" {
			e.Errorf("active has %q", data)
		}
		var count struct{ Viewercount int }
		if err := json.Unmarshal([]byte(all.next(e.T, "viewercount")), &count); err != nil || count.Viewercount < 1 {
			e.Errorf("%v %+v", err, count)
		}
		other := e.listens(s, "")
		e.want(is(2), http.MethodDelete, other.at, "")
		e.want(is(http.StatusNotFound), http.MethodGet, other.at, "", "Accept", "text/event-stream")
		other.end(e.T)
		e.want(is(2), http.MethodDelete, s.url, "")
		all.end(e.T)
		if came := some.end(e.T); len(came) > 0 {
			e.Errorf("%v came, of which nothing was asked for or true", came)
		}
		e.want(is(http.StatusNotFound), http.MethodGet, all.at, "")
	}},
	{line: "X3", level: "M", text: "layers names the renditions of each m-line, with what tells them apart, and their bitrate", test: func(e *exam) {
		r := e.watches("live/there", nil)
		l := e.listens(&session{e: e, url: r.Location()}, `["layers"]`)
		layers := layersOf(e.T, l.next(e.T, "layers"))[videoLine(r.Viewer)]
		if len(layers) != 1 || layers[0]["bitrate"].(float64) <= 0 || layers[0]["height"].(float64) != 720 {
			e.Errorf("%v", layers)
		}
	}},
	{line: "X4", level: "O", text: "reconnect tells players to begin anew", test: func(e *exam) {
		e = e.elsewhere()
		r := e.watches("live/there", nil)
		told := e.listens(&session{e: e, url: r.Location()}, `["reconnect"]`)
		e.g.stop()
		if data := told.next(e.T, "reconnect"); data != "{}" {
			e.Errorf("reconnect has %q", data)
		}
	}},
	{line: "X5", level: "M", text: "the layer extension chooses a rendition, and {} leaves it to the server", test: func(e *exam) {
		e.publishes("exam/layers", rendition{"l", lightClip(e.T)}, rendition{"h", zeroLatency})
		var r *recorder
		within(e.T, patience, "both renditions", func() bool {
			s, _ := e.g.stream("exam/layers")
			return len(s.Tracks) == 2
		})

		r = e.watches("exam/layers", nil)
		high := sps(e.T, zeroLatency)
		showing := func(rid string) {
			e.Helper()
			within(e.T, patience, "a keyframe of "+rid, func() bool {
				units := r.video()
				last := -1
				for i, u := range units {
					if u.Key {
						last = i
					}
				}
				return last >= 0 && (string(spsOf(units[last].NALUs)) == high) == (rid == "h")
			})
		}
		at := e.extension(&session{e: e, url: r.Location(), header: r.Header()}, extensionLayer)
		showing("h") // the largest
		for _, step := range [][2]string{{`{"rid":"l"}`, "l"}, {`{"mediaId":"` + videoLine(r.Viewer) + `","rid":"h"}`, "h"}, {`{"maxHeight":400}`, "l"}, {`{}`, "h"}} {
			e.want(is(http.StatusOK), http.MethodPost, at, step[0], "Content-Type", typeJSON)
			showing(step[1])
		}
		for _, wish := range []string{`{"rid":"none"}`, `{"mediaId":"9"}`, `{"maxWidth":"x"}`, `[]`, `{"temporalLayerId":3}`} {
			e.problem(e.want(any4xx, http.MethodPost, at, wish, "Content-Type", typeJSON))
		}
		r.leave(e.T)
		r.flawless(e.T)
	}},
}

// extension is where an extension of the session is, by the Link of its 201.
func (e *exam) extension(s *session, rel string) string {
	e.Helper()
	for _, l := range links(e, s.header) {
		if l.parameters["rel"] != rel {
			continue
		}
		if rel == extensionEvents && l.parameters["events"] != "active,inactive,layers,reconnect,viewercount" {
			e.Errorf("it advertises %q", l.parameters["events"])
		}
		at, err := http.NewRequest(http.MethodGet, s.url, nil)
		if err != nil {
			e.Fatal(err)
		}
		target, err := at.URL.Parse(l.target)
		if err != nil {
			e.Fatal(err)
		}
		return target.String()
	}
	e.Fatalf("no %s: %v", rel, s.header.Values("Link"))
	return ""
}

// events is an event stream that is being read.
type events struct {
	at   string
	came chan [2]string // name and data
}

// listens subscribes to a session's events and reads them until the row's end.
func (e *exam) listens(s *session, subscription string) *events {
	e.Helper()
	headers := []string{}
	if subscription != "" {
		headers = append(headers, "Content-Type", typeJSON)
	}
	response, _ := e.want(is(http.StatusCreated), http.MethodPost, s.url+"/sse", subscription, headers...)
	at, err := response.Request.URL.Parse(response.Header.Get("Location"))
	if err != nil {
		e.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, at.String(), nil)
	if err != nil {
		e.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		e.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		e.Fatalf("%s %q", answer.Status, kind)
	}
	l := &events{at: at.String(), came: make(chan [2]string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.came)
		var name, data string
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			switch key, value, _ := strings.Cut(lines.Text(), ": "); {
			case lines.Text() == "":
				if name != "" {
					l.came <- [2]string{name, data}
				}
				name, data = "", ""
			case key == "event":
				name = value
			case key == "data":
				if data != "" || !json.Valid([]byte(value)) {
					e.Errorf("%s: the data is %q and %q", name, data, value)
				}
				data = value
			}
		}
	}()
	e.Cleanup(func() { answer.Body.Close(); <-done })
	return l
}

// next waits for an event of that name, and returns its data.
func (l *events) next(t *testing.T, name string) string {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, open := <-l.came:
			if !open {
				t.Errorf("the events end before %s", name)
				return ""
			}
			if e[0] == name {
				return e[1]
			}
		case <-late:
			t.Errorf("no event %s", name)
			return ""
		}
	}
}

// end waits for the stream's end and returns what came until then.
func (l *events) end(t *testing.T) (came []string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, open := <-l.came:
			if !open {
				return came
			}
			came = append(came, e[0])
		case <-late:
			t.Error("the events do not end")
			return came
		}
	}
}

// layersOf reads the data of a layers event, and wants each layer to be told from
// the others.
func layersOf(t *testing.T, data string) map[string][]map[string]any {
	t.Helper()
	var layers map[string][]map[string]any
	if err := json.Unmarshal([]byte(data), &layers); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	for _, list := range layers {
		for _, l := range list {
			if l["rid"] == nil && l["spatialLayerId"] == nil && l["temporalLayerId"] == nil {
				t.Errorf("nothing names %v", l)
			}
		}
	}
	return layers
}

// videoLine is the index of the video's m-line.
func videoLine(v *peer.Viewer) string {
	if strings.Index(v.Answer(), "m=video") > strings.Index(v.Answer(), "m=audio") && strings.Contains(v.Answer(), "m=audio") {
		return "1"
	}
	return "0"
}

// sps is a clip's sequence parameter set.
func sps(t *testing.T, file string) string {
	t.Helper()
	for _, g := range readClip(t, file).tags {
		if g.kind == tagVideo && len(g.body) > 5 && g.body[1] == 0 {
			return string(parameterSets(g.body[5:])[0])
		}
	}
	t.Fatalf("%s has none", file)
	return ""
}

func spsOf(units [][]byte) []byte {
	for _, u := range units {
		if u[0]&0x1F == 7 {
			return u
		}
	}
	return nil
}
