package whep

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of events that a player may subscribe to.
const (
	eventActive = 1 << iota
	eventInactive
	eventLayers
	eventReconnect
	eventViewercount
	allEvents = 1<<iota - 1
)

// eventNames are the kinds' names, in the order of their bits.
var eventNames = []string{"active", "inactive", "layers", "reconnect", "viewercount"}

// maxEventNames bounds a subscription: each name once.
const maxEventNames = 16

var errEvents = errors.New("it must be a JSON array of the names of events")

// parseEvents reads a subscription. Nothing at all is a subscription to everything.
func parseEvents(raw []byte) (uint8, error) {
	if len(raw) == 0 {
		return allEvents, nil
	}
	var names []string
	if json.Unmarshal(raw, &names) != nil || names == nil || len(names) > maxEventNames {
		return 0, errEvents
	}
	var events uint8
	for _, name := range names {
		bit := slices.Index(eventNames, name)
		if bit < 0 {
			return 0, fmt.Errorf("there is no event %q; there are %s", name, strings.Join(eventNames, ", "))
		}
		events |= 1 << bit
	}
	return events, nil
}

// layerInfo is one rendition as the layers event tells it.
type layerInfo struct {
	RID string `json:"rid,omitempty"`
	// SpatialLayerID names a rendition that has no name: there is only one then.
	SpatialLayerID *int `json:"spatialLayerId,omitempty"`
	Bitrate        int  `json:"bitrate"` // bits a second, 0 of one that is not being sent
	Width          int  `json:"width,omitempty"`
	Height         int  `json:"height,omitempty"`
}

// layerInfos are the renditions that this viewer could get, the largest first.
func layerInfos(n *news, c choice) []layerInfo {
	infos := []layerInfo{}
	for i := range n.layers {
		l := &n.layers[i]
		if !c.has(l) {
			continue
		}
		info := layerInfo{RID: l.track.Rendition, Bitrate: l.bitrate, Width: l.track.Width, Height: l.track.Height}
		if info.RID == "" {
			info.SpatialLayerID = new(int)
		}
		infos = append(infos, info)
	}
	slices.SortStableFunc(infos, func(a, b layerInfo) int { return b.Width*b.Height - a.Width*a.Height })
	return infos
}

// bitrateInterval is how often renditions are told anew only because their bitrates
// changed.
const bitrateInterval = 5 * time.Second

// told is what one event stream has been told so far.
type told struct {
	active  bool
	layers  string // the renditions but for their bitrates
	rates   time.Time
	viewers int
	moved   bool   // that it is to go on with another session
	to      string // and where
}

// tell appends the events that bring the listener from what it was told to what
// is so now. Those who have been told of no publisher are not told that there is
// none.
func (t *told) tell(b []byte, events uint8, n *news, v *viewer, now time.Time) []byte {
	if n.live != t.active {
		t.active = n.live
		if n.live {
			b = appendEvent(b, events, eventActive, "{}")
		} else {
			b = appendEvent(b, events, eventInactive, "{}")
		}
	}
	if events&eventLayers != 0 {
		b = t.tellLayers(b, n, v, now)
	}
	if n.viewers != t.viewers {
		t.viewers = n.viewers
		b = appendEvent(b, events, eventViewercount, fmt.Sprintf(`{"viewercount":%d}`, n.viewers))
	}
	return b
}

func (t *told) tellLayers(b []byte, n *news, v *viewer, now time.Time) []byte {
	media := map[string][]layerInfo{}
	var shape strings.Builder
	if v.pictured && v.answered.Load() {
		infos := layerInfos(n, v.choice)
		media[strconv.Itoa(v.pictureAt)] = infos
		for _, i := range infos {
			fmt.Fprintf(&shape, "%q %t %d %d,", i.RID, i.Bitrate > 0, i.Width, i.Height)
		}
	}
	shape.WriteByte('.') // something, even of nothing
	if shape.String() == t.layers && now.Before(t.rates) {
		return b
	}
	t.layers, t.rates = shape.String(), now.Add(bitrateInterval)
	data, err := json.Marshal(media)
	if err != nil {
		panic(err) // strings and numbers
	}
	return appendEvent(b, eventLayers, eventLayers, string(data))
}

// tellMove appends that the player is to begin another session: there, while this
// one still goes on, or wherever it began this one, which is over.
func (t *told) tellMove(b []byte, events uint8, to string, over bool) []byte {
	if to == t.to && (t.moved || !over) {
		return b
	}
	t.moved, t.to = true, to
	data, err := json.Marshal(struct {
		URL string `json:"url,omitempty"`
	}{to})
	if err != nil {
		panic(err) // a string
	}
	return appendEvent(b, events, eventReconnect, string(data))
}

// appendEvent appends one event, its data in a single line, if it is subscribed to.
func appendEvent(b []byte, events, kind uint8, data string) []byte {
	if events&kind == 0 {
		return b
	}
	for bit, name := range eventNames {
		if kind == 1<<bit {
			return fmt.Appendf(b, "event: %s\ndata: %s\n\n", name, data)
		}
	}
	return b
}
