package e2e

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"millrace/cmd/millrace/e2e/impair"
	"millrace/transmux/avtest"
	"millrace/transmux/rtc/peer"
)

// watchApart joins over a line of the viewer's own, which does nothing bad yet.
func (g *gateway) watchApart(name string) (*peer.Viewer, *impair.Proxy) {
	g.t.Helper()
	at, err := netip.ParseAddrPort(g.webrtc)
	if err != nil {
		g.t.Fatal(err)
	}
	line, err := impair.Listen(proxyAddress+":0", at, 1)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		if err := line.Close(); err != nil {
			g.t.Error(err)
		}
	})
	o := g.options()
	o.Recover = true // it asks for what it misses, as browsers do
	o.Client = &http.Client{Transport: avtest.Detour{From: at, To: line.Addr()}}
	ctx := withDeadline(g.t, patience)
	v, err := peer.Watch(ctx, g.whep(name), o)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = v.Close() }) // of a session that may be over
	if err := v.WaitKeyframe(ctx); err != nil {
		g.t.Fatal(err)
	}
	return v, line
}

// TestBadLinesHurtNobodyElse: one viewer behind a line far too narrow, one that vanishes without
// goodbye, and one that goes on talking and gets nothing. Those beside them lose
// nothing; what the slow one costs is bounded and to be seen, and it stays; the others
// are gone when their consent has expired (RFC 7675 section 5.1).
func TestBadLinesHurtNobodyElse(t *testing.T) {
	t.Parallel()
	const name = "live/lines"
	const narrow, run = 30_000, 10 * time.Second // a tenth of what the stream has
	g := start(t)
	source := g.publish(lightClip(t), name)
	g.waitLive(name)
	var good []*recorder
	for range 5 {
		good = append(good, g.watch(withDeadline(t, patience), name))
	}
	slow, slowLine := g.watchApart(name)
	_, vanishedLine := g.watchApart(name)
	_, deafLine := g.watchApart(name)
	for _, r := range good {
		r.more(t, 1)
	}

	dead := impair.Settings{Loss: 1}
	slowLine.ToClients(impair.Settings{Rate: narrow, Queue: 4 << 10})
	vanishedLine.ToClients(dead)
	vanishedLine.ToServer(dead)
	deafLine.ToClients(dead)
	before, _ := slowLine.Counts()
	wanted := delivered([]*peer.Viewer{good[0].Viewer})
	pass(t, run)
	after, _ := slowLine.Counts()
	wanted = delivered([]*peer.Viewer{good[0].Viewer}) - wanted

	t.Logf("towards the slow viewer %d packets where others had %d; %d came through, it asked for %d",
		after.Packets-before.Packets, wanted, after.Delivered-before.Delivered, slow.Asked())
	// Half of it may be sent again (playout/whep), and what was saved up for that before.
	if most := wanted*3/2 + 400; after.Packets-before.Packets > most {
		t.Errorf("the slow viewer was sent %d packets, others %d", after.Packets-before.Packets, wanted)
	}
	if err := poll(t.Context(), patience, func() bool { return g.lossiest(name) > 0.2 }); err != nil {
		t.Errorf("of the sessions, none is said to lose more than %.0f %%", 100*g.lossiest(name))
	}
	if n := g.metric("millrace_whep_lost_total"); n < 100 {
		t.Errorf("the metrics know of %.0f lost packets", n)
	}
	err := poll(t.Context(), time.Minute, func() bool { s, _ := g.stream(name); return s.Viewers == len(good)+1 })
	if err != nil {
		s, _ := g.stream(name)
		t.Errorf("%d viewers, want %d: who vanished is still there", s.Viewers, len(good)+1)
	}
	if slow.Err() != nil {
		t.Errorf("the slow viewer was put out: %v", slow.Err())
	}
	for _, r := range good {
		r.leave(t)
		r.flawless(t)
	}
	source.running()
}

// lossiest is the largest share of packets lost that the API tells of a viewer.
func (g *gateway) lossiest(name string) float64 {
	g.t.Helper()
	var list struct{ Sessions []struct{ Loss float64 } }
	_, body := g.request(http.MethodGet, g.url("/api/v1/sessions?role=viewer&stream="+name), "", "")
	if err := json.Unmarshal(body, &list); err != nil {
		g.t.Fatalf("%v: %s", err, body)
	}
	most := 0.0
	for _, s := range list.Sessions {
		most = max(most, s.Loss)
	}
	return most
}
