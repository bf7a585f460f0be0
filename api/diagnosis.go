package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"millrace/api/diagnosis"
	"millrace/transmux/bus"
)

// Diagnosis says why a stream does not play.
type Diagnosis = diagnosis.Report

// Check is one thing that was looked at for it.
type Check = diagnosis.Check

// diagnosisTimeout is how long other nodes are waited for.
const diagnosisTimeout = 3 * time.Second

// Diagnoser looks at a stream's way; *diagnosis.Room is one.
type Diagnoser interface {
	Diagnose(ctx context.Context, stream string, caller diagnosis.Caller) diagnosis.Report
}

// diagnose answers for a stream, which need not be there: that is a finding.
func (a *API) diagnose(w http.ResponseWriter, r *http.Request, name string) {
	if a.cfg.Diagnosis == nil {
		notFound(w, r)
		return
	}
	if err := bus.ValidName(name); err != nil {
		fail(w, http.StatusNotFound, "No stream can have this name", err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), diagnosisTimeout)
	defer cancel()
	answer(w, a.cfg.Diagnosis.Diagnose(ctx, name, callerOf(r)))
}

// callerOf is who asks, as far as the request shows it. What a proxy says is not
// believed beyond that there is one.
func callerOf(r *http.Request) diagnosis.Caller {
	v := viewOf(r.Context())
	c := diagnosis.Caller{
		Host: r.Host, All: v.all, Sees: v.sees,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		c.Host = host
	}
	c.Host = strings.Trim(c.Host, "[]")
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.Address = at.Addr().Unmap().WithZone("")
	}
	c.Proxied = proxied(r.Header, c.Address)
	return c
}

// proxied says whether the request was passed on by somebody who is not believed: one
// who is (http.trusted_proxies) speaks for the very address that the request has.
func proxied(h http.Header, from netip.Addr) bool {
	told := false
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		value := strings.Join(h.Values(header), ",")
		told = told || value != ""
		if from.IsValid() && strings.Contains(value, from.String()) {
			return false
		}
	}
	return told
}
