package whep

import (
	"net/http"
	"strings"

	"millrace/transmux/problem"
	"millrace/transmux/rtc/resource"
)

// The extensions of the WHEP core extensions document, and where they are below a
// session's path.
const (
	extensionEvents = "urn:ietf:params:whep:ext:core:server-sent-events"
	extensionLayer  = "urn:ietf:params:whep:ext:core:layer"
	eventsPath      = "sse"
	layerPath       = "layer"
)

// Links name the extensions. A rendition can be chosen only of a picture.
func (v *viewer) Links(path string) []resource.Link {
	links := []resource.Link{{
		Target: path + "/" + eventsPath, Rel: extensionEvents,
		Parameters: []string{"events", strings.Join(eventNames, ",")},
	}}
	if v.pictured {
		links = append(links, resource.Link{Target: path + "/" + layerPath, Rel: extensionLayer})
	}
	return links
}

// ServeBelow answers for the extensions.
func (v *viewer) ServeBelow(w http.ResponseWriter, r *http.Request, path, rest string) {
	first, id, _ := strings.Cut(rest, "/")
	switch {
	case first == eventsPath && id == "" && r.Method == http.MethodPost:
		v.audience.subscribe(w, r, path+"/"+eventsPath)
	case first == eventsPath && id != "" && r.Method == http.MethodGet:
		v.listen(w, r, id)
	case first == eventsPath && id != "" && r.Method == http.MethodDelete:
		v.audience.unsubscribe(w, id)
	case rest == layerPath && v.pictured && r.Method == http.MethodPost:
		v.chooseLayer(w, r)
	case first == eventsPath && id == "", rest == layerPath && v.pictured:
		w.Header().Set("Allow", "POST, OPTIONS")
		resource.Fail(w, problem.New(http.StatusMethodNotAllowed, "This takes a POST with JSON."))
	default:
		resource.Fail(w, problem.New(http.StatusNotFound, "This session has no such extension; the Link headers that came with it name those that there are."))
	}
}
