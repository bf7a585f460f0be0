package api

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"millrace/api/apitest"
	"millrace/transmux/av"
	"millrace/transmux/ledger"
)

// TestPagesOfSessions: a page after the other gives everybody once, even while
// some go.
func TestPagesOfSessions(t *testing.T) {
	s := newContractSite(t)
	leave := map[string]func(error){}
	var all []string
	begin := time.Now().Add(-time.Hour)
	for i := range 25 {
		role, protocol := ledger.Viewer, "whep"
		if i%5 == 0 {
			role, protocol = ledger.Publisher, "rtmp"
		}
		// Some in the same instant: then their ids decide.
		id, part := s.ledger.Enter(ledger.Session{Role: role, Protocol: protocol, Stream: fmt.Sprint("live/", i%2), Since: begin.Add(time.Duration(i/3) * time.Second)})
		leave[id] = part
		all = append(all, id)
	}
	var got []string
	var after *string
	for page := range 10 {
		answer, err := s.client.ListSessionsWithResponse(t.Context(), &apitest.ListSessionsParams{Limit: new(7), After: after})
		if err != nil || answer.JSON200 == nil {
			t.Fatalf("%+v, %v", answer, err)
		}
		for _, one := range answer.JSON200.Sessions {
			got = append(got, one.ID)
		}
		if after = answer.JSON200.Next; after == nil {
			break
		}
		if page == 0 { // the one that the next page begins after
			leave[got[len(got)-1]](nil)
		}
	}
	slices.Sort(got)
	slices.Sort(all)
	if !slices.Equal(got, all) {
		t.Errorf("%d of %d, or some twice", len(got), len(all))
	}
	for _, tt := range []struct {
		params apitest.ListSessionsParams
		total  int
	}{
		{apitest.ListSessionsParams{Role: new(apitest.Role("publisher"))}, 5},
		{apitest.ListSessionsParams{Protocol: new("rtmp")}, 5},
		{apitest.ListSessionsParams{Stream: new("live/2")}, 0},
		{apitest.ListSessionsParams{Role: new(apitest.Role("viewer")), Protocol: new("rtmp")}, 0},
	} {
		answer, err := s.client.ListSessionsWithResponse(t.Context(), &tt.params)
		if err != nil || answer.JSON200 == nil || answer.JSON200.Total != tt.total || len(answer.JSON200.Sessions) != tt.total {
			t.Errorf("%+v: %+v, %v", tt.params, answer, err)
		}
	}
}

func TestPagesOfStreams(t *testing.T) {
	s := newContractSite(t)
	for i := range 12 {
		publish(t, s.hub, fmt.Sprintf("live/%02d", i))
	}
	publish(t, s.hub, "other")
	gone := publish(t, s.hub, "live/gone")
	gone.Write(&av.Frame{Track: gone.SetTrack(av.Track{Kind: av.Video, Codec: av.H264}), Type: av.Key, Arrived: time.Now(), Parts: [][]byte{{1}}})
	if viewer, err := s.hub.Subscribe(t.Context(), "live/gone"); err != nil {
		t.Fatal(err)
	} else {
		defer viewer.Close()
	}
	gone.Close() // it lingers
	var names []string
	params := apitest.ListStreamsParams{Prefix: new("live/"), Live: new(true), Limit: new(5)}
	for range 5 {
		answer, err := s.client.ListStreamsWithResponse(t.Context(), &params)
		if err != nil || answer.JSON200 == nil || answer.JSON200.Total != 12 {
			t.Fatalf("%+v, %v", answer, err)
		}
		for _, one := range answer.JSON200.Streams {
			names = append(names, one.Name)
		}
		if params.After = answer.JSON200.Next; params.After == nil {
			break
		}
	}
	if len(names) != 12 || !slices.IsSorted(names) || len(slices.Compact(names)) != 12 {
		t.Errorf("%v", names)
	}
	waiting, err := s.client.ListStreamsWithResponse(t.Context(), &apitest.ListStreamsParams{Live: new(false)})
	if err != nil || waiting.JSON200 == nil || waiting.JSON200.Total != 1 || waiting.JSON200.Streams[0].Name != "live/gone" {
		t.Errorf("%+v, %v", waiting, err)
	}
}

func TestRates(t *testing.T) {
	var r rates
	begin := time.Now()
	at := func(seconds float64, bytes uint64) float64 {
		return r.of("a", ledger.Numbers{Bytes: bytes}, begin, begin.Add(time.Duration(seconds*float64(time.Second))))
	}
	for _, tt := range []struct {
		seconds float64
		bytes   uint64
		want    float64
	}{
		{0, 0, 0},
		{10, 1000, 800},   // since the begin
		{10.1, 1000, 792}, // too soon for another span
		{12, 2000, 4000},  // over the last seconds
		{12.5, 2250, 4000},
		{14, 2000, 0},
		{20, 1000, 0}, // it counts anew
	} {
		if got := at(tt.seconds, tt.bytes); int(got) != int(tt.want) {
			t.Errorf("%d bytes after %v s: %v bit/s, want %v", tt.bytes, tt.seconds, got, tt.want)
		}
	}
	// What was so at another time is rated at that.
	n := ledger.Numbers{Bytes: 1000, At: begin.Add(2 * time.Second)}
	if got := r.of("b", n, begin, begin.Add(time.Hour)); got != 4000 {
		t.Errorf("%v", got)
	}
	// A viewer that has just come is sent its first seconds at once.
	if got := r.of("new", ledger.Numbers{Bytes: 1500}, begin, begin.Add(time.Millisecond)); got != 8000 {
		t.Errorf("%v", got)
	}
	r.of("c", ledger.Numbers{}, begin, begin.Add(3*time.Minute))
	if len(r.kept) != 1 {
		t.Errorf("%d are remembered", len(r.kept))
	}
}

func TestPulse(t *testing.T) {
	s := newContractSite(t)
	p := &s.api.pulse
	if a, b := p.latency(); a != 0 || b != 0 || p.cpu() != 0 {
		t.Error("something is known from the start")
	}
	p.beat()
	for range 98 {
		s.api.metrics.AddedLatency.Observe(.0003)
	}
	s.api.metrics.AddedLatency.Observe(.1)
	s.api.metrics.AddedLatency.Observe(3) // above the last bucket
	busy := 0
	for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); busy++ {
	}
	p.beat()
	if p50, p99 := p.latency(); p50 < .0002 || p50 > .0004 || p99 < .05 || p99 > .2 {
		t.Errorf("%v, %v", p50, p99)
	}
	if cpu := p.cpu(); cpu <= 0 {
		t.Errorf("%v cores after %d rounds", cpu, busy)
	}
	for range pulseSpan + 1 {
		p.beat()
	}
	if p50, _ := p.latency(); p50 != 0 {
		t.Errorf("what is long ago still counts: %v", p50)
	}
	if len(p.beats) != pulseSpan+1 {
		t.Errorf("%d beats are kept", len(p.beats))
	}
}
