package rtpio

import (
	"encoding/binary"

	"millrace/transmux/av"
)

// PaySound cuts a sound's frame into payloads where the frame has none of its own:
// AAC (RFC 3640, AAC-hbr), MP3 (RFC 2250) and AC-3 (RFC 4184). All but the last
// belong to packets without marker. It is nil where the codec has no payload
// format here, and its Bodies share the frame's bytes.
func PaySound(f *av.Frame) []av.Payload {
	if len(f.Payloads) > 0 {
		return f.Payloads
	}
	if len(f.Parts) != 1 || len(f.Parts[0]) == 0 {
		return nil
	}
	unit := f.Parts[0]
	switch f.Track.Codec {
	case av.AAC:
		return payAAC(unit)
	case av.MP3:
		return cutSound(unit, mp3Head, func(head []byte, at int) {
			binary.BigEndian.PutUint16(head[2:], uint16(at))
		})
	case av.AC3:
		return payAC3(unit)
	default:
		return nil
	}
}

// cutSound cuts a unit into payloads with heads of that size.
func cutSound(unit []byte, size int, fill func(head []byte, at int)) (all []av.Payload) {
	const most = av.MaxPayload
	for at := 0; at < len(unit); at += most - size {
		head := make([]byte, size)
		fill(head, at)
		all = append(all, av.Payload{Head: head, Body: unit[at:min(at+most-size, len(unit))]})
	}
	return all
}

// maxAAC is the largest unit whose size AAC-hbr can say, in 13 bits.
const maxAAC = 1<<13 - 1

// payAAC puts one unit into a packet, or one into several; all say its size.
func payAAC(unit []byte) []av.Payload {
	if len(unit) > maxAAC {
		return nil
	}
	const headerBits = 16
	return cutSound(unit, 4, func(head []byte, _ int) {
		binary.BigEndian.PutUint16(head, headerBits)
		binary.BigEndian.PutUint16(head[2:], uint16(len(unit)<<3))
	})
}

func payAC3(unit []byte) []av.Payload {
	all := cutSound(unit, ac3Head, func([]byte, int) {})
	if len(all) > 255 {
		return nil
	}
	for i := range all {
		all[i].Head[1] = byte(len(all))
		if i > 0 {
			all[i].Head[0] = ac3Later
		}
	}
	if len(all) > 1 {
		all[0].Head[0] = 2 // the first holds less than 5/8 of the frame
		if len(all[0].Body) >= len(unit)*5/8 {
			all[0].Head[0] = 1
		}
	}
	return all
}
