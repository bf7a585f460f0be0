package intake

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
)

// FuzzIntake takes what a publisher may send once it is authenticated: RTP and
// RTCP, in pieces of 1 to 256 bytes.
func FuzzIntake(f *testing.F) {
	seed := func(packets ...interface{ Marshal() ([]byte, error) }) {
		var all []byte
		for _, p := range packets {
			raw, err := p.Marshal()
			if err != nil {
				f.Fatal(err)
			}
			all = append(append(all, byte(len(raw)-1)), raw...)
		}
		f.Add(all)
	}
	seed(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SSRC: 1, Marker: true}, Payload: []byte{0x65, 1, 2, 3}},
		&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SSRC: 1, SequenceNumber: 3}, Payload: []byte{0x61, 1}},
		&rtcp.SenderReport{SSRC: 1, NTPTime: 1 << 40, RTPTime: 90})
	seed(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, SSRC: 2}, Payload: []byte{0xfc, 1, 2}},
		&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 97, SSRC: 3}, Payload: []byte{0, 2, 0x61, 9}})
	f.Fuzz(func(_ *testing.T, raw []byte) {
		in := newSorter([]description.AnswerMedia{
			{Media: &description.Media{Kind: av.Video, MID: "0"}, Formats: []*description.Format{{PayloadType: 96, RTX: 97, Name: "H264", ClockRate: 90000}}},
			{Media: &description.Media{Kind: av.Audio, MID: "1"}, Formats: []*description.Format{{PayloadType: 111, Name: "OPUS", ClockRate: 48000, Channels: 2}}},
		})
		in.publisher = nowhere{}
		s := &Intake{in: in}
		now := time.Unix(1000, 0)
		for len(raw) > 1 {
			n := min(int(raw[0])+1, len(raw)-1)
			one := raw[1 : 1+n]
			raw = raw[1+n:]
			now = now.Add(7 * time.Millisecond)
			if len(one) > 1 && one[1] >= 192 && one[1] <= 223 { // RFC 5761 section 4
				s.takeControl(one, now)
			} else {
				in.take(append([]byte(nil), one...), now)
			}
			in.release(now)
			in.missing(now, 50*time.Millisecond)
			in.reports(now)
		}
		in.release(now.Add(time.Minute))
	})
}

// nowhere is a bus that keeps nothing.
type nowhere struct{}

func (nowhere) SetTrack(t av.Track) *av.Track { return &t }
func (nowhere) Write(*av.Frame)               {}
