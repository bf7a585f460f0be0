package e2e

import (
	"testing"
	"time"

	"millrace/cmd/millrace/e2e/impair"
)

const (
	lossRTT = 60 * time.Millisecond
	// lossRun is how long the loss goes on; 15 s are 4 500 packets in 450 pictures.
	lossRun = 15 * time.Second
	calm    = 3 * time.Second // without loss, before
	// lossGone is when the latency is to be back after the loss.
	lossGone = 2 * time.Second
)

// TestLossTowardsTheViewer: what is lost comes again in time.
func TestLossTowardsTheViewer(t *testing.T) {
	for name, tt := range map[string]struct {
		network impair.Settings
		shown   float64       // share of pictures
		still   time.Duration // the longest that a picture stands
	}{
		"5 %":       {impair.Settings{Loss: 0.05}, 0.995, 300 * time.Millisecond},
		"10 %":      {impair.Settings{Loss: 0.10}, 0.98, 700 * time.Millisecond},
		"in bursts": {impair.Settings{Burst: impair.Burst{Enter: 0.01, Leave: 0.2, Loss: 1}}, 0.995, 300 * time.Millisecond},
		"disorder": {impair.Settings{
			Loss: 0.02, Jitter: 10 * time.Millisecond, Reorder: 0.05, ReorderBy: 8 * time.Millisecond, Duplicate: 0.05,
		}, 0.995, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, network := startBehind(t, 1)
			source := g.publish(zeroLatency, "live/lossy")
			g.waitLive("live/lossy")
			roundTrip(network, lossRTT, impair.Settings{})
			s := g.screen("live/lossy")
			if err := s.WaitKeyframe(withDeadline(t, patience)); err != nil {
				t.Fatal(err)
			}
			pass(t, calm)
			begun := time.Now()
			roundTrip(network, lossRTT, tt.network)
			pass(t, lossRun)
			roundTrip(network, lossRTT, impair.Settings{})
			ended := time.Now()
			pass(t, lossGone+time.Second)
			source.running()
			all := s.pictures()
			c, _ := network.Counts()
			v := view(all, begun, ended)
			t.Logf("%d packets lost; asked %d times; of %d pictures %d whole, the longest still %v",
				c.Lost, s.Asked(), v.pictures, v.whole, v.still)
			if share := float64(v.whole) / float64(v.pictures); share < tt.shown {
				t.Errorf("%.2f %% of pictures shown, promised %.2f %%", share*100, tt.shown*100)
			}
			atMost(t, "a picture that stands still", v.still, tt.still)
			before := lag(all, begun.Add(-time.Second), begun)
			during := lag(all, begun, ended)
			after := lag(all, ended.Add(lossGone), ended.Add(lossGone+time.Second))
			t.Logf("later than before the loss: median during it %v, %v after it %v", during-before, lossGone, after-before)
			if more := after - before; more > slack(10*time.Millisecond) {
				t.Errorf("%v after the loss the picture is %v later than before it", lossGone, more)
			}
		})
	}
}

// sight is what was seen in a span of time.
type sight struct {
	pictures, whole int
	still           time.Duration
}

func view(all []picture, from, to time.Time) (s sight) {
	var last time.Time
	for _, p := range all {
		if !p.whole {
			s.pictures++ // it has no time; there is no loss but in the span
			continue
		}
		if p.shown.Before(from) || p.shown.After(to) {
			last = p.shown
			continue
		}
		s.pictures++
		s.whole++
		if !last.IsZero() {
			s.still = max(s.still, p.shown.Sub(last))
		}
		last = p.shown
	}
	return s
}

// lag is the median time between a picture's timestamp and its showing, from an
// unknown origin: only differences mean something.
func lag(all []picture, from, to time.Time) time.Duration {
	var lags []time.Duration
	for _, p := range all {
		if p.whole && !p.shown.Before(from) && p.shown.Before(to) {
			media := time.Duration(int32(p.timestamp-all[0].timestamp)) * time.Second / 90000
			lags = append(lags, p.shown.Sub(from)+from.Sub(all[len(all)-1].shown)-media)
		}
	}
	return quantile(lags, .5)
}
