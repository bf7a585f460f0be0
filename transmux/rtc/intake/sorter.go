package intake

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"millrace/transmux/av"
	"millrace/transmux/rtc/description"
	"millrace/transmux/rtpio"
)

// sorter takes a publisher's packets apart by source, and writes the frames of
// each to the bus. It belongs to its session's goroutine.
type sorter struct {
	media     []description.AnswerMedia
	publisher Publisher
	ssrc      uint32 // ours, as the sender of RTCP
	clock     rtpio.Clock
	jumps     uint64 // of the tracks' timestamps
	layers    []*layer
	sources   map[uint32]source
	transport *twcc.Recorder
	pace      pace
	transitID uint8 // of the transport-wide sequence number's header extension
	header    rtp.Header
}

func newSorter(media []description.AnswerMedia) *sorter {
	in := &sorter{media: media, ssrc: rand.Uint32() | 1, sources: make(map[uint32]source)}
	in.transport = twcc.NewRecorder(in.ssrc)
	for _, m := range media {
		// Bundled m-lines share their extensions' ids (RFC 9143 section 15.2).
		if id := m.Media.Extension(description.ExtensionTransportCC); id != 0 {
			in.transitID = id
		}
	}
	return in
}

// take takes one opened packet; what is not understood is passed over.
func (in *sorter) take(raw []byte, arrived time.Time) {
	in.header = rtp.Header{}
	n, err := in.header.Unmarshal(raw)
	if err != nil {
		return
	}
	h, payload := &in.header, raw[n:]
	if h.Padding && len(payload) > 0 {
		payload = payload[:max(len(payload)-int(payload[len(payload)-1]), 0)]
	}
	if in.transitID != 0 {
		if e := h.GetExtension(in.transitID); len(e) == 2 {
			in.transport.Record(h.SSRC, uint16(e[0])<<8|uint16(e[1]), arrived.UnixMicro())
		}
	}
	src, known := in.source(h)
	if !known {
		return
	}
	packet := rtpio.Packet{
		Seq: h.SequenceNumber, Timestamp: h.Timestamp, Marker: h.Marker, Payload: payload, Arrived: arrived,
	}
	if src.repairs {
		if len(payload) < 2 {
			return // a probe for bandwidth
		}
		packet.Seq, packet.Payload = uint16(payload[0])<<8|uint16(payload[1]), payload[2:]
	} else {
		src.layer.reception.add(h.SequenceNumber, h.Timestamp, arrived)
	}
	src.layer.inbound.Push(packet)
	in.write(src.layer, arrived)
}

// write puts a layer's finished frames on the bus.
func (in *sorter) write(l *layer, now time.Time) {
	for _, unit := range l.inbound.Frames(now) {
		if unit.Track != nil {
			in.let(l, l.held) // they are of the old description
			t := *unit.Track
			t.Rendition = l.rid
			if l.track != nil {
				t.ID = l.track.ID
			}
			l.track = in.publisher.SetTrack(t)
		}
		if l.track == nil {
			continue
		}
		f := unit.Frame
		f.Track = l.track
		if l.leap.Jumped(unit.Timestamp, l.format.ClockRate, f.Arrived) {
			in.jumps++
		}
		f.PTS, f.DTS = in.clock.At(l.clock, unit.Timestamp, f.Arrived)
		in.pass(l, f, now)
	}
}

// pass writes a frame, or holds it for as long as the line is bad.
func (in *sorter) pass(l *layer, f *av.Frame, now time.Time) {
	if l.kind() != av.Video {
		in.publisher.Write(f)
		return
	}
	due := l.punctual.due(f.DTS, now)
	f.Held = in.pace.at(now, now.Sub(due))
	l.held = append(l.held, held{f, due.Add(f.Held)})
	in.letDue(l, now)
}

// letDue writes the held frames whose time has come.
func (in *sorter) letDue(l *layer, now time.Time) {
	n := max(0, len(l.held)-maxHeld)
	for n < len(l.held) && !l.held[n].at.After(now) {
		n++
	}
	in.let(l, l.held[:n])
}

// let writes the first of the held frames.
func (in *sorter) let(l *layer, first []held) {
	for _, h := range first {
		in.publisher.Write(h.frame)
	}
	l.held = slices.Delete(l.held, 0, len(first))
}

// release writes what has been held long enough, and what is no longer worth
// waiting for.
func (in *sorter) release(now time.Time) {
	for _, l := range in.layers {
		in.letDue(l, now)
		if due := l.inbound.Deadline(); !due.IsZero() && !now.Before(due) {
			in.write(l, now)
		}
	}
}

// report takes a sender report.
func (in *sorter) report(r *rtcp.SenderReport, arrived time.Time) {
	if src, known := in.sources[r.SSRC]; known && !src.repairs {
		src.layer.reception.noteReport(r.NTPTime, arrived)
		in.clock.Report(src.layer.clock, r.NTPTime, r.RTPTime)
	}
}

// missing asks for packets again.
func (in *sorter) missing(now time.Time, roundTrip time.Duration) (asks []rtcp.Packet) {
	for _, l := range in.layers {
		if numbers := l.inbound.Missing(now, roundTrip); len(numbers) > 0 {
			in.pace.miss(len(numbers), now, roundTrip)
			asks = append(asks, &rtcp.TransportLayerNack{
				SenderSSRC: in.ssrc, MediaSSRC: l.reception.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers),
			})
		}
	}
	return asks
}

// transportFeedback is what the publisher's bandwidth estimation lives on.
func (in *sorter) transportFeedback() []rtcp.Packet {
	if in.transitID == 0 {
		return nil
	}
	return in.transport.BuildFeedbackPacket()
}

// reports is one receiver report of all sources.
func (in *sorter) reports(now time.Time) []rtcp.Packet {
	r := &rtcp.ReceiverReport{SSRC: in.ssrc}
	for _, l := range in.layers {
		if l.reception.began {
			r.Reports = append(r.Reports, l.reception.report(now))
		}
	}
	if len(r.Reports) == 0 {
		return nil
	}
	return []rtcp.Packet{r}
}

func (in *sorter) needsKeyframe() bool {
	return slices.ContainsFunc(in.layers, func(l *layer) bool { return l.inbound.NeedsKeyframe() })
}

// keyframeRequests asks every picture for a keyframe (PLI, RFC 4585 section 6.3.1).
func (in *sorter) keyframeRequests() (asks []rtcp.Packet) {
	for _, l := range in.layers {
		if l.kind() == av.Video {
			asks = append(asks, &rtcp.PictureLossIndication{SenderSSRC: in.ssrc, MediaSSRC: l.reception.ssrc})
		}
	}
	return asks
}

// sum adds up what the layers counted.
func (in *sorter) sum() (all rtpio.Stats) {
	for _, l := range in.layers {
		add(&all, l.earlier)
		add(&all, l.inbound.Stats())
	}
	return all
}

func add(to *rtpio.Stats, s rtpio.Stats) {
	to.Received += s.Received
	to.Lost += s.Lost
	to.Recovered += s.Recovered
	to.Asked += s.Asked
}
