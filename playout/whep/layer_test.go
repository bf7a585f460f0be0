package whep

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtc/peer"
)

// send makes a request and returns status and body.
func send(t *testing.T, method, url, kind, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(b)
}

const typeJSON = "application/json"

func TestAViewerChoosesItsRendition(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.simulcast(t, "q", "h", "f")
	var r recorder
	v := h.watch(t, &r, nil)
	layer := v.Location() + "/layer"
	r.shows(t, "f") // automatic is the largest
	for _, step := range []struct{ wish, want string }{
		{`{"rid":"q"}`, "q"},
		{`{"mediaId":"0","rid":"h"}`, "h"},
		{`{}`, "f"},
		{`{"maxWidth":700}`, "h"},
		{`{"maxHeight":200,"spatialLayerId":0}`, "q"},
		{`{"mediaId":0}`, "f"},
	} {
		if strings.Contains(step.wish, "mediaId") {
			at := videoAt(v)
			step.wish = strings.NewReplacer(`"0"`, `"`+at+`"`, `:0}`, `:`+at+`}`).Replace(step.wish)
		}
		if response, body := send(t, http.MethodPost, layer, typeJSON, step.wish); response.StatusCode != http.StatusOK {
			t.Fatalf("%s is answered with %s: %s", step.wish, response.Status, body)
		}
		r.shows(t, step.want)
	}
	if changes := r.checkChanges(t); changes < 6 {
		t.Errorf("%d changes", changes)
	}
	if s := v.Stats(av.Video); s.Lost+s.Backward+s.Duplicates > 0 {
		t.Errorf("packets: %+v", s)
	}
}

// videoAt is the index of the answer's video.
func videoAt(v *peer.Viewer) string {
	if strings.Index(v.Answer(), "m=video") > strings.Index(v.Answer(), "m=audio") {
		return "1"
	}
	return "0"
}

func TestARenditionThatIsNoLongerSent(t *testing.T) {
	h := newHouse(t, bus.Config{})
	s := h.simulcast(t, "q", "f")
	var r recorder
	h.watch(t, &r, nil)
	r.shows(t, "f")
	s.quiet["f"].Store(true)
	r.shows(t, "q")
	s.quiet["f"].Store(false)
	r.shows(t, "f")
}

func TestWishesThatAreNotGranted(t *testing.T) {
	h := newHouse(t, bus.Config{})
	s := h.simulcast(t, "q", "f")
	s.quiet["q"].Store(true)
	var r recorder
	v := h.watch(t, &r, nil)
	await(t, func() bool { return !active(t, h, "q") })
	for wish, status := range map[string]int{
		``:                       http.StatusBadRequest,
		`[]`:                     http.StatusBadRequest,
		`null`:                   http.StatusBadRequest,
		`{"rid":1}`:              http.StatusBadRequest,
		`{"maxWidth":-1}`:        http.StatusBadRequest,
		`{"maxWidth":0}`:         http.StatusBadRequest,
		`{"maxWidth":"wide"}`:    http.StatusBadRequest,
		`{"spatialLayerId":-1}`:  http.StatusBadRequest,
		`{"mediaId":{}}`:         http.StatusBadRequest,
		`{"mediaId":"7"}`:        http.StatusUnprocessableEntity,
		`{"rid":"none"}`:         http.StatusUnprocessableEntity,
		`{"rid":"q"}`:            http.StatusUnprocessableEntity, // not being sent
		`{"maxWidth":10}`:        http.StatusUnprocessableEntity,
		`{"temporalLayerId":2}`:  http.StatusUnprocessableEntity,
		strings.Repeat(" ", 5e3): http.StatusRequestEntityTooLarge,
	} {
		response, body := send(t, http.MethodPost, v.Location()+"/layer", typeJSON, wish)
		var p struct{ Detail string }
		if err := json.Unmarshal([]byte(body), &p); response.StatusCode != status || err != nil || p.Detail == "" {
			t.Errorf("%.40q is answered with %s: %s", wish, response.Status, body)
		}
	}
	if response, _ := send(t, http.MethodPost, v.Location()+"/layer", "text/plain", `{}`); response.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("a wish as text gives %s", response.Status)
	}
	for _, request := range [][2]string{{http.MethodGet, "/layer"}, {http.MethodGet, "/sse"}, {http.MethodDelete, "/layer"}} {
		if response, _ := send(t, request[0], v.Location()+request[1], "", ""); response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%v gives %s", request, response.Status)
		}
	}
	if response, _ := send(t, http.MethodPost, v.Location()+"/else", typeJSON, `{}`); response.StatusCode != http.StatusNotFound {
		t.Errorf("what is not there gives %s", response.Status)
	}
}

// active is whether the rendition of live/x is being sent.
func active(t *testing.T, h *house, name string) bool {
	t.Helper()
	sub, err := h.hub.Subscribe(t.Context(), "live/x")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for _, l := range gather(sub.Stream(), time.Now()).layers {
		if l.track.Rendition == name {
			return l.active()
		}
	}
	return false
}

// TestNothingToChoose: who watches no picture is offered no choice of it.
func TestNothingToChoose(t *testing.T) {
	h := newHouse(t, bus.Config{})
	h.broadcast(t, clean, 0)
	offer := readOffer(t)
	audio := strings.Replace(offer[:strings.Index(offer, "m=video")]+offer[strings.Index(offer, "m=audio"):], "BUNDLE 0 1", "BUNDLE 1", 1)
	response, _ := send(t, http.MethodPost, h.url+"live/x", "application/sdp", audio)
	links := strings.Join(response.Header.Values("Link"), "\n")
	if response.StatusCode != http.StatusCreated || strings.Contains(links, extensionLayer) || !strings.Contains(links, extensionEvents) {
		t.Errorf("%s %s", response.Status, links)
	}
	at := strings.TrimSuffix(h.url, Path) + response.Header.Get("Location")
	if response, _ := send(t, http.MethodPost, at+"/layer", typeJSON, `{}`); response.StatusCode != http.StatusNotFound {
		t.Errorf("it gives %s", response.Status)
	}
}

func FuzzLayerWish(f *testing.F) {
	for _, seed := range []string{`{}`, `{"mediaId":"0","rid":"h","maxWidth":1280,"maxHeight":720}`, `{"mediaId":1,"spatialLayerId":0}`, `null`, `[[[`} {
		f.Add([]byte(seed))
	}
	v := &viewer{pictured: true}
	n := &news{live: true, layers: []layer{
		{track: &av.Track{Kind: av.Video, Codec: av.H264, Rendition: "h", Width: 640, Height: 360}, bitrate: 1},
	}}
	v.choice.video = &slot{formats: []*description.Format{
		{Name: "H264", ClockRate: 90000, Parameters: map[string]string{"packetization-mode": "1"}},
	}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		wish, err := parseLayerWish(raw)
		if err != nil {
			return
		}
		if chosen, err := v.grant(wish, n); err == nil && (chosen.maxWidth < 0 || chosen.maxHeight < 0) {
			t.Errorf("%s is granted as %+v", raw, chosen)
		}
	})
}
