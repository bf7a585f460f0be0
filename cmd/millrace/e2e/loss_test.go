package e2e

import (
	"testing"
	"time"

	"millrace/cmd/millrace/e2e/impair"
)

const (
	lossRTT = 60 * time.Millisecond
	// lossRun is how long the loss goes on; 12 s are 3 600 packets in 360 pictures.
	lossRun = 12 * time.Second
	calm    = 2 * time.Second // without loss, before
	// lossGone is when the latency is to be back after the loss.
	lossGone = 2 * time.Second

	lossyJoins = 8
	// lossyJoin is four round trips to connect, one for what got lost, and a second
	// for the flight of a handshake that did.
	lossyJoin = 5*lossRTT + time.Second
)

// TestLossTowardsTheViewer: what is lost comes again in time.
func TestLossTowardsTheViewer(t *testing.T) {
	for name, tt := range map[string]struct {
		network impair.Settings // towards the viewer
		back    impair.Settings // from it
		shown   float64         // share of pictures
		still   time.Duration   // the longest that a picture stands
	}{
		"5 %":       {impair.Settings{Loss: 0.05}, impair.Settings{}, 0.995, 300 * time.Millisecond},
		"10 %":      {impair.Settings{Loss: 0.10}, impair.Settings{}, 0.98, 700 * time.Millisecond},
		"both ways": {impair.Settings{Loss: 0.05}, impair.Settings{Loss: 0.05}, 0.98, 700 * time.Millisecond},
		"in bursts and out of order": {impair.Settings{
			Burst:  impair.Burst{Enter: 0.01, Leave: 0.2, Loss: 1},
			Jitter: 10 * time.Millisecond, Reorder: 0.05, ReorderBy: 8 * time.Millisecond, Duplicate: 0.05,
		}, impair.Settings{}, 0.98, 700 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, network := startBehind(t, 1)
			source := g.publish(zeroLatency, "live/lossy")
			g.waitLive("live/lossy")
			roundTrip(network, lossRTT, impair.Settings{}, impair.Settings{})
			s := g.screen("live/lossy")
			if err := s.WaitKeyframe(withDeadline(t, patience)); err != nil {
				t.Fatal(err)
			}
			pass(t, calm)
			begun := time.Now()
			roundTrip(network, lossRTT, tt.network, tt.back)
			pass(t, lossRun)
			roundTrip(network, lossRTT, impair.Settings{}, impair.Settings{})
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

// TestJoiningThroughLoss: a join on a bad line takes longer, and then plays as any
// other.
func TestJoiningThroughLoss(t *testing.T) {
	t.Parallel()
	g, network := startBehind(t, 2)
	source := g.publish(zeroLatency, "live/lossy")
	g.waitLive("live/lossy")
	lossy := impair.Settings{Loss: 0.05}
	roundTrip(network, lossRTT, lossy, lossy)
	var connected, first []time.Duration
	for i := range lossyJoins {
		s := g.screen("live/lossy")
		// Pictures that came before the client was ready, and that a new keyframe has
		// made worthless meanwhile, are never whole.
		var run []picture
		err := poll(t.Context(), patience, func() bool {
			run = longestRun(s.pictures())
			return len(run) > 30
		})
		if err != nil {
			t.Fatalf("join %d: of %d pictures no more than %d in a row are whole: %v", i, len(s.pictures()), len(run), s.Err())
		}
		connected = append(connected, s.Timing().Connected)
		first = append(first, run[0].shown.Sub(s.Begun()))
	}
	source.running()
	t.Logf("%d joins, median and worst: connected after %v %v, first whole picture after %v %v", lossyJoins,
		quantile(connected, .5), quantile(connected, 1), quantile(first, .5), quantile(first, 1))
	atMost(t, "median of the first picture", quantile(first, .5), lossyJoin)
}

// longestRun is the most pictures in a row that are whole.
func longestRun(all []picture) (longest []picture) {
	begin := 0
	for i, p := range all {
		if !p.whole {
			begin = i + 1
		} else if i+1-begin > len(longest) {
			longest = all[begin : i+1]
		}
	}
	return longest
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
