package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"millrace/transmux/bus"
)

func TestSources(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 999_999_999, time.FixedZone("x", 3600))
	list := []Source{
		{Name: "live/a", URL: "rtsp://xxxxx@cam/a", State: "waiting", Since: at, Next: at.Add(time.Second), LastError: "connection refused", Retries: 3},
		{Name: "live/b/c", URL: "https://h/b", OnDemand: true, State: "live", Since: at, Next: at, Viewers: 2},
	}
	hub := bus.New(bus.Config{})
	defer hub.Close()
	log := slog.New(slog.DiscardHandler)
	site := New(Config{Sources: func() []Source { return list }}, hub, nil, NewMetrics("x", hub), log).Handler(nil)
	none := New(Config{}, hub, nil, NewMetrics("x", hub), log).Handler(nil)
	a := `{"name":"live/a","url":"rtsp://xxxxx@cam/a","on_demand":false,"state":"waiting","since":"2026-05-04T02:02:01.999Z","next":"2026-05-04T02:02:02.999Z","last_error":"connection refused","retries":3,"viewers":0}`
	b := `{"name":"live/b/c","url":"https://h/b","on_demand":true,"state":"live","since":"2026-05-04T02:02:01.999Z","last_error":"","retries":0,"viewers":2}`
	for _, tc := range []struct {
		site   http.Handler
		path   string
		status int
		body   string
	}{
		{site, "/api/v1/sources", http.StatusOK, `{"sources":[` + a + "," + b + `],"total":2}`},
		{none, "/api/v1/sources", http.StatusOK, `{"sources":[],"total":0}`},
		{site, "/api/v1/sources/live/b/c", http.StatusOK, b},
		{site, "/api/v1/sources/live%2Fa", http.StatusOK, a},
		{site, "/api/v1/sources/live", http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		tc.site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.path, nil))
		if w.Code != tc.status {
			t.Errorf("%s: %d", tc.path, w.Code)
		}
		if tc.body == "" {
			continue
		}
		var got, want any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(tc.body), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tc.path, diff)
		}
	}
}
