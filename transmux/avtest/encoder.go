package avtest

import (
	"time"

	"millrace/transmux/av"
)

// Encoder makes the frames of an encoder that never falters: pictures and audio
// packets in the order of their DTS, each arriving the moment it is due.
type Encoder struct {
	// Video and Audio are the tracks as SetTrack gave them; nil for none.
	Video, Audio *av.Track
	// FPS is pictures a second (30), GOP the pictures from keyframe to keyframe
	// (60), Payloads the RTP payloads of a delta frame (3; a keyframe has four
	// times as many). Zero takes the value in brackets.
	FPS, GOP, Payloads int
	// BFrames makes every other delta frame bidirectional.
	BFrames bool
	// Packet is the length of an audio packet (20 ms).
	Packet time.Duration
	// Start is when the first frame arrives; zero leaves Arrived to the bus.
	Start time.Time
	// Origin is the first frame's DTS.
	Origin time.Duration

	pictures, packets uint64
}

func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return v
}

// Next makes the next frame. Each track's frames carry their number as Index.
func (e *Encoder) Next() *av.Frame {
	picture := time.Duration(e.pictures) * time.Second / time.Duration(orDefault(e.FPS, 30))
	length := e.Packet
	if length == 0 {
		length = 20 * time.Millisecond
	}
	packet := time.Duration(e.packets) * length
	if e.Audio == nil || e.Video != nil && picture <= packet {
		return e.picture(picture)
	}
	f := Frame(e.Audio, av.Delta, e.packets, e.Origin+packet, 1)
	e.packets++
	return e.arrived(f, packet)
}

func (e *Encoder) picture(at time.Duration) *av.Frame {
	typ, payloads := av.Delta, orDefault(e.Payloads, 3)
	gop := uint64(orDefault(e.GOP, 60))
	inGOP := e.pictures % gop
	switch {
	case inGOP == 0:
		typ, payloads = av.Key, 4*payloads
	case e.BFrames && inGOP%2 == 0:
		typ = av.Bidirectional
	}
	f := Frame(e.Video, typ, e.pictures, e.Origin+at, payloads)
	if e.BFrames {
		// I P B P B: everything is shown a picture late, but a B at once, and a P
		// after the B that follows it, if one does.
		length := time.Second / time.Duration(orDefault(e.FPS, 30))
		switch {
		case typ == av.Delta && inGOP+1 < gop:
			f.PTS += 2 * length
		case typ != av.Bidirectional:
			f.PTS += length
		}
	}
	e.pictures++
	return e.arrived(f, at)
}

func (e *Encoder) arrived(f *av.Frame, at time.Duration) *av.Frame {
	if !e.Start.IsZero() {
		f.Arrived = e.Start.Add(at)
	}
	return f
}
