package api

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"millrace/transmux/bus"
)

type drainer struct {
	graces []time.Duration
	since  time.Time
}

func (d *drainer) Drain(grace time.Duration) { d.graces = append(d.graces, grace) }

func (d *drainer) State() Drain {
	return Drain{Draining: len(d.graces) > 0, Since: &d.since, Until: &d.since, Viewers: 3, Publishers: 2, Children: 1}
}

// TestDrain: a node that drains is not ready for anybody new.
func TestDrain(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	d := &drainer{since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a := New(Config{Drain: d}, hub, nil, NewMetrics("x", hub), slog.New(slog.DiscardHandler))
	site := a.Handler(nil)
	a.SetReady(true)
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for _, grace := range []string{"soon", "-3s", "0s", "25h"} {
		if w := ask(http.MethodPost, "/api/v1/drain?grace="+grace); w.Code != http.StatusBadRequest {
			t.Errorf("grace %s: %d", grace, w.Code)
		}
	}
	if w := ask(http.MethodGet, "/readyz"); w.Code != http.StatusOK {
		t.Error("not ready before")
	}
	const at = `"2026-01-02T03:04:05Z"`
	want := `{"draining":true,"since":` + at + `,"until":` + at + `,"viewers":3,"publishers":2,"children":1}`
	w := ask(http.MethodPost, "/api/v1/drain?grace=90s")
	if w.Code != http.StatusAccepted || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(http.MethodPost, "/api/v1/drain"); w.Code != http.StatusAccepted || len(d.graces) != 2 || d.graces[0] != 90*time.Second || d.graces[1] != 0 {
		t.Errorf("%d %v", w.Code, d.graces)
	}
	if w := ask(http.MethodGet, "/api/v1/drain"); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(http.MethodGet, "/readyz"); w.Code != http.StatusServiceUnavailable {
		t.Error("ready still")
	}
}
