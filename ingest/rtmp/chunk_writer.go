package rtmp

import "encoding/binary"

// appendMessage appends a message as chunks: one of type 0 with everything in
// its header, then as many of type 3 as the chunk size asks for. Nothing refers
// to a message before it, so it may be put between any two chunks of others.
func appendMessage(dst []byte, chunkStream uint8, chunkSize int, m *message) []byte {
	time := uint32(m.timestamp)
	short := min(time, 0xFFFFFF)
	dst = append(dst, chunkStream)
	dst = append(dst, byte(short>>16), byte(short>>8), byte(short))
	dst = append(dst, byte(len(m.body)>>16), byte(len(m.body)>>8), byte(len(m.body)), m.kind)
	dst = binary.LittleEndian.AppendUint32(dst, m.stream)
	for body := m.body; ; {
		if short == 0xFFFFFF {
			dst = binary.BigEndian.AppendUint32(dst, time)
		}
		n := min(chunkSize, len(body))
		dst, body = append(dst, body[:n]...), body[n:]
		if len(body) == 0 {
			return dst
		}
		dst = append(dst, 3<<6|chunkStream)
	}
}

// control makes a protocol or user control message of big-endian fields, which
// fits any chunk size.
func control(kind uint8, body ...byte) []byte {
	return appendMessage(nil, chunkStreamControl, 128, &message{kind: kind, body: body})
}

func setChunkSizeMessage(size int) []byte {
	return control(typeSetChunkSize, binary.BigEndian.AppendUint32(nil, uint32(size))...)
}

func ackMessage(received uint32) []byte {
	return control(typeAck, binary.BigEndian.AppendUint32(nil, received)...)
}

// streamEventMessage tells of a message stream.
func streamEventMessage(event uint8, stream uint32) []byte {
	return control(typeUserControl, binary.BigEndian.AppendUint32([]byte{0, event}, stream)...)
}

// pingMessage asks whether the peer is there; it answers with the timestamp.
func pingMessage(timestamp uint32) []byte {
	return control(typeUserControl, binary.BigEndian.AppendUint32([]byte{0, eventPingRequest}, timestamp)...)
}

// pongMessage answers a ping with its own timestamp.
func pongMessage(timestamp []byte) []byte {
	return control(typeUserControl, append([]byte{0, eventPingResponse}, timestamp...)...)
}
