package whep

import (
	"testing"

	"github.com/pion/rtcp"
)

// FuzzFeedback takes what a viewer may send of RTCP: whatever it says, what is
// remembered of it is bounded.
func FuzzFeedback(f *testing.F) {
	for _, packets := range [][]rtcp.Packet{
		{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2, FractionLost: 9, TotalLost: 7, LastSenderReport: 1 << 16, Delay: 3}}}},
		{&rtcp.ReceiverReport{}, &rtcp.TransportLayerNack{MediaSSRC: 2, Nacks: []rtcp.NackPair{{PacketID: 65530, LostPackets: 0xffff}}}},
		{&rtcp.PictureLossIndication{MediaSSRC: 2}, &rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: 2}}}},
		{&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e6, SSRCs: []uint32{2}}, &rtcp.Goodbye{Sources: []uint32{2}}},
	} {
		compound, err := rtcp.Marshal(packets)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(compound)
	}
	f.Fuzz(func(t *testing.T, compound []byte) {
		var told feedback
		for range 3 {
			told.read(compound)
		}
		if len(told.missing) > maxMissing {
			t.Errorf("%d packets are remembered as missing", len(told.missing))
		}
		if trip := told.roundTrip(); trip < 0 {
			t.Errorf("a round trip of %v", trip)
		}
		_, video, audio := told.take(nil, nil, 2)
		if len(video)+len(audio) > maxMissing {
			t.Errorf("%d and %d packets to send again", len(video), len(audio))
		}
	})
}
