// Package origin says which sites' pages may use an HTTP face (CORS).
//
// The api room and rtc/resource ask it. It must not know what for.
package origin

import (
	"net/http"
	"slices"
)

// List are origins (https://host, as browsers write them); empty, or with "*" in it, it
// is all of them. That gives nothing away by itself: there are no cookies here, and a
// page must know the credential that it sends.
type List []string

// Allow tells a browser whether the request's page may read the answer.
func (l List) Allow(h http.Header, r *http.Request) {
	if len(l) == 0 || slices.Contains(l, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
		return
	}
	h.Add("Vary", "Origin")
	if from := r.Header.Get("Origin"); from != "" && slices.Contains(l, from) {
		h.Set("Access-Control-Allow-Origin", from)
	}
}
