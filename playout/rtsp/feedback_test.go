package rtsp

import (
	"math"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/pion/rtcp"

	"millrace/playout"
	"millrace/transmux/avtest"
	"millrace/transmux/codecs"
	"millrace/transmux/ledger"
)

// gathered are measurements.
type gathered struct{ values []float64 }

func (g *gathered) Observe(v float64) { g.values = append(g.values, v) }

// TestReports: what a player says counts as far as it can be true.
func TestReports(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sent := uint32(ntp(now.Add(-50*time.Millisecond)) >> 16)
	const kept = 1 << 16 / 100 // 10 ms
	about := func(ssrc uint32, r rtcp.ReceptionReport) *rtcp.ReceiverReport {
		r.SSRC = ssrc
		return &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{r}}
	}
	var loss, trips gathered
	f := feedback{observe: Reports{Loss: &loss, RoundTrip: &trips}}
	f.take(about(1, rtcp.ReceptionReport{TotalLost: 7}), now)
	if lost, _, _ := f.seen(); lost != 0 {
		t.Errorf("%d lost before anything was sent", lost)
	}
	f.expect([]source{{ssrc: 1, rate: 90000}, {ssrc: 2, rate: 48000}})
	f.expect(nil) // of a second PLAY
	for _, step := range []struct {
		name   string
		packet rtcp.Packet
		lost   uint64
	}{
		{"of the picture", about(1, rtcp.ReceptionReport{TotalLost: 5, FractionLost: 64, Jitter: 900, LastSenderReport: sent, Delay: kept}), 5},
		{"of the sound, by a sender", &rtcp.SenderReport{Reports: []rtcp.ReceptionReport{{SSRC: 2, TotalLost: 2}}}, 7},
		{"of somebody else's", about(3, rtcp.ReceptionReport{TotalLost: 1000, Jitter: math.MaxUint32}), 7},
		{"of fewer than before", about(1, rtcp.ReceptionReport{TotalLost: 1, Jitter: 900}), 7},
		{"of less than none", about(1, rtcp.ReceptionReport{TotalLost: 1<<24 - 3, Jitter: 900}), 7},
		{"of a report that was never sent", about(1, rtcp.ReceptionReport{TotalLost: 6, Jitter: 900, LastSenderReport: sent + 1<<20, Delay: math.MaxUint32}), 8},
		{"that has no reports", &rtcp.ReceiverReport{}, 8},
		{"of another kind", &rtcp.Goodbye{Sources: []uint32{1}}, 8},
	} {
		f.take(step.packet, now)
		lost, trip, jitter := f.seen()
		if lost != step.lost || (trip-40*time.Millisecond).Abs() > time.Millisecond || jitter != 10*time.Millisecond {
			t.Errorf("one %s: %d lost, %v, %v", step.name, lost, trip, jitter)
		}
	}
	if len(loss.values) != 5 || loss.values[0] != .25 || len(trips.values) != 1 {
		t.Errorf("measured %v, %v", loss.values, trips.values)
	}
}

// FuzzReports: whatever a player sends costs nothing and takes nothing back.
func FuzzReports(f *testing.F) {
	raw, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: 1, TotalLost: 5, LastSenderReport: 1}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		packets, err := rtcp.Unmarshal(raw)
		if err != nil {
			return
		}
		var b feedback
		b.expect([]source{{ssrc: 1, rate: 90000}, {ssrc: 2}})
		var before uint64
		for _, p := range packets {
			b.take(p, time.Now())
			lost, trip, jitter := b.seen()
			if lost < before || lost > 2*negativeLoss || trip < 0 || jitter < 0 || len(b.sources) != 2 {
				t.Fatalf("%d, then %d lost, %v, %v", before, lost, trip, jitter)
			}
			before = lost
		}
	})
}

// A player's reports are in the numbers of its session, over either transport, and
// it cannot claim to have lost more than it was sent.
func TestReportsAreTold(t *testing.T) {
	for name, transport := range map[string]gortsplib.Transport{"tcp": gortsplib.TransportTCP, "udp": gortsplib.TransportUDP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, playout.Config{})
			h.publish("live/a", 0, codecs.OpusTrack(2), avtest.Encoder{GOP: 15, Payloads: 1})
			c := h.play("live/a", transport)
			var numbers ledger.Numbers
			tells := func(what string, lost uint32, holds func() bool) {
				t.Helper()
				h.until(what, func() bool {
					for _, g := range c.seen() {
						if g.report == nil {
							continue
						}
						report := rtcp.ReceptionReport{SSRC: g.report.SSRC, TotalLost: lost, LastSenderReport: uint32(g.report.NTPTime >> 16), Jitter: 90}
						if err := c.WritePacketRTCP(c.desc.Medias[g.media], &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{report}}); err != nil {
							t.Fatal(err)
						}
						break
					}
					all := h.ledger.Sessions()
					if len(all) != 1 {
						t.Fatalf("%d sessions\n%s", len(all), h.log)
					}
					numbers = all[0].Numbers()
					return holds()
				})
			}
			tells("a loss of three", 3, func() bool { return numbers.Lost == 3 && numbers.RoundTrip > 0 && numbers.Jitter > 0 })
			tells("a loss of more than was sent", 1<<22, func() bool { return numbers.Lost > 3 })
			if numbers.Lost != numbers.Packets {
				t.Errorf("%d of %d lost", numbers.Lost, numbers.Packets)
			}
			c.Close()
			h.says("viewer closed")
		})
	}
}
