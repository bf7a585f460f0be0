package api

import (
	"net/http"
	"strings"
	"testing"
)

// TestNamesWithSlashes: a stream's name may be written either way, and one that
// ends like a view of another comes first.
func TestNamesWithSlashes(t *testing.T) {
	s := newContractSite(t)
	for _, name := range []string{"live/demo", "a", "a/gop", "a/gop/gop", "gop", "b/diagnosis"} {
		publish(t, s.hub, name)
	}
	for _, tt := range []struct {
		path, want string // in the answer; "" for 404
	}{
		{"/streams/live/demo", `"name":"live/demo"`},
		{"/streams/live%2Fdemo", `"name":"live/demo"`},
		{"/streams/live%2fdemo", `"name":"live/demo"`},
		{"/streams/live/demo/gop", `"frames":`},
		{"/streams/live%2Fdemo/gop", `"frames":`},
		{"/streams/live%2Fdemo%2Fgop", `"frames":`},
		{"/streams/live/demo/diagnosis", `"stream":"live/demo"`},
		{"/streams/a", `"name":"a"`},
		{"/streams/a/gop", `"name":"a/gop"`},
		{"/streams/a/gop/gop", `"name":"a/gop/gop"`},
		{"/streams/a/gop/gop/gop", `"frames":`},
		{"/streams/gop", `"name":"gop"`},
		{"/streams/gop/gop", `"frames":`},
		{"/streams/b/diagnosis", `"name":"b/diagnosis"`},
		{"/streams/b/diagnosis/diagnosis", `"stream":"b/diagnosis"`},
		{"/streams/b", ""},
		{"/streams/b/gop", ""},
		{"/streams/live/demo/", ""},
		{"/streams//gop", ""},
		{"/streams/live%252Fdemo", ""},
		{"/streams/%00", ""},
		{"/cluster/streams/live/demo", `"stream":"live/demo"`},
		{"/cluster/streams/live/demo/gop", ""},
		{"/sources/live%2Fcam", `"name":"live/cam"`},
		{"/sources/live/cam/gop", ""},
	} {
		w := get(s.handler, "GET", "/api/v1"+tt.path, "Authorization", "Bearer key of the admin")
		if tt.want == "" && (w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != problemType) {
			t.Errorf("%s: %d %s", tt.path, w.Code, w.Body)
		}
		if !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.path, w.Code, w.Body, tt.want)
		}
	}
}
