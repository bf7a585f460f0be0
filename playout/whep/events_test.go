package whep

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"millrace/transmux/bus"
)

// event is one of an event stream; its data is in one line.
type event struct{ name, data string }

// player reads one event stream.
type player struct {
	url    string // of the stream
	events chan event
	cancel context.CancelFunc
}

// subscribe makes an event stream and reads it, as EventSource does.
func subscribe(t *testing.T, session, events string) *player {
	t.Helper()
	kind := ""
	if events != "" {
		kind = typeJSON
	}
	response, body := send(t, http.MethodPost, session+"/sse", kind, events)
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s", response.Status, body)
	}
	at, err := response.Request.URL.Parse(response.Header.Get("Location"))
	if err != nil || response.Header.Get("Location") == "" {
		t.Fatal("no Location", err)
	}
	p := &player{url: at.String()}
	p.read(t)
	return p
}

func (p *player) read(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p.cancel = cancel
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("%s %s", response.Status, kind)
	}
	p.events = make(chan event, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(p.events)
		defer response.Body.Close()
		var e event
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			switch key, value, _ := strings.Cut(lines.Text(), ": "); key {
			case "event":
				e.name = value
			case "data":
				if e.data != "" {
					t.Errorf("%s has two lines of data", e.name)
				}
				e.data = value
			case "":
				if e.name != "" {
					p.events <- e
				}
				e = event{}
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// next is the next event of that name; the others before it are let go.
func (p *player) next(t *testing.T, name string) event {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e, open := <-p.events:
			if !open {
				t.Fatalf("the stream ended before %s", name)
			}
			if e.name == name {
				return e
			}
		case <-late:
			t.Fatalf("no event %s", name)
		}
	}
}

// ended waits for the stream's end, and returns the names of what came before it.
func (p *player) ended(t *testing.T) (names []string) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e, open := <-p.events:
			if !open {
				return names
			}
			names = append(names, e.name)
		case <-late:
			t.Fatal("the stream goes on")
		}
	}
}

func TestEvents(t *testing.T) {
	h := newHouse(t, bus.Config{})
	_, stop := h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	all := subscribe(t, v.Location(), "")
	few := subscribe(t, v.Location(), `["inactive","viewercount"]`)
	if e := all.next(t, "active"); e.data != "{}" {
		t.Errorf("%+v", e)
	}
	var layers map[string][]layerInfo
	if err := json.Unmarshal([]byte(all.next(t, "layers").data), &layers); err != nil {
		t.Fatal(err)
	}
	if l := layers[videoAt(v)]; len(l) != 1 || l[0].Bitrate == 0 || l[0].Width != 1280 || l[0].Height != 720 || l[0].SpatialLayerID == nil {
		t.Errorf("layers: %+v", layers)
	}
	if e := all.next(t, "viewercount"); e.data != `{"viewercount":1}` {
		t.Errorf("%+v", e)
	}
	var other recorder
	second := h.watch(t, &other, nil)
	if e := all.next(t, "viewercount"); e.data != `{"viewercount":2}` {
		t.Errorf("%+v", e)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	stop()
	all.next(t, "inactive")
	_, stop = h.broadcast(t, clean, 0)
	all.next(t, "active")
	stop()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	all.ended(t)
	for _, name := range few.ended(t) {
		if name != "inactive" && name != "viewercount" {
			t.Errorf("%s was not subscribed to", name)
		}
	}
	if response, _ := send(t, http.MethodGet, all.url, "", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("after the session the stream gives %s", response.Status)
	}
}

func TestRenditionsAreTold(t *testing.T) {
	h := newHouse(t, bus.Config{})
	s := h.simulcast(t, "q", "f")
	var r recorder
	v := h.watch(t, &r, nil)
	p := subscribe(t, v.Location(), `["layers"]`)
	infos := func() (f, q layerInfo) {
		var layers map[string][]layerInfo
		if err := json.Unmarshal([]byte(p.next(t, "layers").data), &layers); err != nil || len(layers[videoAt(v)]) != 2 {
			t.Fatalf("%v %+v", err, layers)
		}
		l := layers[videoAt(v)]
		return l[0], l[1]
	}
	f, q := infos()
	if f.RID != "f" || q.RID != "q" || f.Width != 1280 || q.Height != 180 || f.Bitrate == 0 || q.Bitrate == 0 {
		t.Errorf("%+v %+v", f, q)
	}
	s.quiet["f"].Store(true)
	for f.Bitrate != 0 {
		f, q = infos()
	}
	if q.Bitrate == 0 {
		t.Error("both are quiet")
	}
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	for body, status := range map[string]int{
		`["scte35"]`:              http.StatusBadRequest, // not advertised
		`["active","nonsense"]`:   http.StatusBadRequest,
		`{}`:                      http.StatusBadRequest,
		`null`:                    http.StatusBadRequest,
		`[1]`:                     http.StatusBadRequest,
		`["active"`:               http.StatusBadRequest,
		strings.Repeat("[", 5000): http.StatusRequestEntityTooLarge,
		`["` + strings.Repeat(`active","`, 20) + `active"]`: http.StatusBadRequest,
	} {
		response, body := send(t, http.MethodPost, v.Location()+"/sse", typeJSON, body)
		if response.StatusCode != status || response.Header.Get("Location") != "" {
			t.Errorf("%s: %s", response.Status, body)
		}
	}
	if response, _ := send(t, http.MethodPost, v.Location()+"/sse", "text/plain", "[]"); response.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("text gives %s", response.Status)
	}
	var last *http.Response
	for range maxListeners + 1 {
		last, _ = send(t, http.MethodPost, v.Location()+"/sse", typeJSON, `["active"]`)
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the stream after the last gives %s", last.Status)
	}
}

func TestAnEventStreamIsDeletedOrTakenOver(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	p := subscribe(t, v.Location(), `["active"]`)
	p.next(t, "active")
	before := *p
	p.read(t) // as a player that lost its connection
	p.next(t, "active")
	before.ended(t)
	if response, _ := send(t, http.MethodDelete, p.url, "", ""); response.StatusCode != http.StatusOK {
		t.Errorf("DELETE gives %s", response.Status)
	}
	p.ended(t)
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if response, _ := send(t, method, p.url, "", ""); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s afterwards gives %s", method, response.Status)
		}
	}
}

// TestPlayersAreSentElsewhere: a gateway that stops tells those who listen to begin
// anew.
func TestPlayersAreSentElsewhere(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	p := subscribe(t, v.Location(), `["reconnect"]`)
	h.hub.Close()
	if e := p.next(t, "reconnect"); e.data != "{}" {
		t.Errorf("%+v", e)
	}
	p.ended(t)
}

func FuzzEvents(f *testing.F) {
	for _, seed := range []string{``, `[]`, `["active","inactive","layers","reconnect","viewercount"]`, `["scte35"]`, `{"a":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if events, err := parseEvents(raw); err == nil && events&^allEvents != 0 {
			t.Errorf("%q subscribes to %b", raw, events)
		}
	})
}

// TestViewersAreAskedToMove: while their session goes on, once, and those who come
// to listen later, too.
func TestViewersAreAskedToMove(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	var r recorder
	v := h.watch(t, &r, nil)
	to := func(stream string) string { return "http://other.example/whep/" + stream }
	if n := h.room.Move(t.Context(), to); n != 0 {
		t.Errorf("%d are asked who do not listen", n)
	}
	p := subscribe(t, v.Location(), `["reconnect"]`)
	if n := h.room.Move(t.Context(), func(string) string { return "" }); n != 0 {
		t.Errorf("%d are asked to go nowhere", n)
	}
	if n := h.room.Move(t.Context(), to); n != 1 {
		t.Errorf("%d are asked", n)
	}
	if e := p.next(t, "reconnect"); !strings.HasPrefix(e.data, `{"url":"http://other.example/whep/`) {
		t.Errorf("%+v", e)
	}
	if n := h.room.Move(t.Context(), to); n != 0 {
		t.Errorf("%d are asked again", n)
	}
	p.cancel()
	p.read(t)
	p.next(t, "reconnect")
	h.hub.Close()
	if names := p.ended(t); strings.Contains(strings.Join(names, " "), "reconnect") {
		t.Errorf("told twice: %v", names)
	}
}
