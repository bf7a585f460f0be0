package whep

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"millrace/transmux/problem"
	"millrace/transmux/rtc/resource"
)

// layerWish is the body of a POST to the layer extension. What it does not know is
// passed over.
type layerWish struct {
	MediaID            mediaID `json:"mediaId"`
	RID                string  `json:"rid"`
	SpatialLayerID     *int    `json:"spatialLayerId"`
	TemporalLayerID    *int    `json:"temporalLayerId"`
	MaxSpatialLayerID  *int    `json:"maxSpatialLayerId"`
	MaxTemporalLayerID *int    `json:"maxTemporalLayerId"`
	MaxWidth           *int    `json:"maxWidth"`
	MaxHeight          *int    `json:"maxHeight"`
}

// mediaID is an m-line's index: a string, or from those who find that odd a number.
type mediaID string

// UnmarshalJSON is for encoding/json.
func (m *mediaID) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*m = mediaID(text)
		return nil
	}
	var number uint8
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*m = mediaID(strconv.Itoa(int(number)))
	return nil
}

var errLayerWish = errors.New("it must be a JSON object with mediaId, rid, maxWidth and maxHeight, none of which must be there; bounds are above zero")

// parseLayerWish reads and bounds a wish.
func parseLayerWish(raw []byte) (layerWish, error) {
	var wish *layerWish
	if json.Unmarshal(raw, &wish) != nil || wish == nil {
		return layerWish{}, errLayerWish
	}
	for _, n := range []*int{wish.SpatialLayerID, wish.TemporalLayerID, wish.MaxSpatialLayerID, wish.MaxTemporalLayerID} {
		if n != nil && *n < 0 {
			return layerWish{}, errLayerWish
		}
	}
	for _, n := range []*int{wish.MaxWidth, wish.MaxHeight} {
		if n != nil && *n <= 0 {
			return layerWish{}, errLayerWish
		}
	}
	return *wish, nil
}

// chooseLayer takes a viewer's wish for a rendition.
func (v *viewer) chooseLayer(w http.ResponseWriter, r *http.Request) {
	raw, err := resource.Body(r, "application/json", maxJSON)
	if err != nil {
		resource.Fail(w, err)
		return
	}
	wish, err := parseLayerWish(raw)
	if err != nil {
		resource.Fail(w, problem.New(http.StatusBadRequest, "The wish cannot be read: "+err.Error()+"."))
		return
	}
	if !v.answered.Load() {
		resource.Fail(w, problem.New(http.StatusConflict, "There is nothing to choose from yet: send the answer to the offer first."))
		return
	}
	chosen, err := v.grant(wish, gather(v.stream, time.Now()))
	if err != nil {
		resource.Fail(w, problem.New(http.StatusUnprocessableEntity, err.Error()))
		return
	}
	v.wanted.Store(&chosen)
	v.rethink.Store(true)
	if f := v.fan.Load(); f != nil {
		f.nudge()
	}
	w.WriteHeader(http.StatusOK)
}

// grant turns a wish into what is wanted of us, or says in a sentence why that
// cannot be.
func (v *viewer) grant(wish layerWish, n *news) (wanted, error) {
	if at := strconv.Itoa(v.pictureAt); wish.MediaID != "" && string(wish.MediaID) != at {
		return wanted{}, fmt.Errorf("The picture is in m-line %s: say mediaId %q, or nothing.", at, at) //nolint:staticcheck,revive // a sentence for people
	}
	for _, id := range []*int{wish.SpatialLayerID, wish.TemporalLayerID} {
		if id != nil && *id != 0 {
			return wanted{}, errors.New("There are no scalable layers within a rendition here, only layer 0: choose by rid.") //nolint:staticcheck,revive // a sentence for people
		}
	}
	chosen := wanted{rid: wish.RID}
	if wish.MaxWidth != nil {
		chosen.maxWidth = *wish.MaxWidth
	}
	if wish.MaxHeight != nil {
		chosen.maxHeight = *wish.MaxHeight
	}
	if chosen == (wanted{}) {
		return chosen, nil // back to automatic
	}
	var there []string
	for _, i := range layerInfos(n, v.choice) {
		if i.Bitrate == 0 {
			continue
		}
		fits := (chosen.maxWidth == 0 || i.Width <= chosen.maxWidth) && (chosen.maxHeight == 0 || i.Height <= chosen.maxHeight)
		if chosen.rid == i.RID && chosen.rid != "" || chosen.rid == "" && fits {
			return chosen, nil
		}
		there = append(there, fmt.Sprintf("%q (%dx%d)", i.RID, i.Width, i.Height))
	}
	return wanted{}, fmt.Errorf("No rendition like that is being sent now; there are: %s.", strings.Join(there, ", ")) //nolint:staticcheck,revive // a sentence for people
}
