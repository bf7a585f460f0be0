package rtmp

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
)

const (
	rtmpVersion = 3
	// handshakeSize is the length of C1, C2, S1 and S2 (RTMP 1.0 section 5.2).
	handshakeSize = 1536
)

// shakeHands does the server's part of the handshake (section 5.2). The library
// has one too, but costs 80 KB a connection from its first byte on; here a
// connection that says nothing costs nothing, and one that says C0 and C1 three
// kilobytes for as long as that takes.
//
// C2 is not compared with S1: encoders that got it wrong have always been let in.
func shakeHands(sock io.ReadWriter) error {
	var version [1]byte
	if _, err := io.ReadFull(sock, version[:]); err != nil {
		return err
	}
	if version[0] != rtmpVersion {
		return protocolError("version %d is not RTMP", version[0])
	}
	// S0, S1 and S2, which echoes C1.
	reply := make([]byte, 1+2*handshakeSize)
	s1, s2 := reply[1:1+handshakeSize], reply[1+handshakeSize:]
	if _, err := io.ReadFull(sock, s2); err != nil {
		return err
	}
	reply[0] = rtmpVersion
	// After time and zero come bytes that need to differ, not to be secret.
	for i := 8; i < len(s1); i += 8 {
		binary.NativeEndian.PutUint64(s1[i:], rand.Uint64())
	}
	if _, err := sock.Write(reply); err != nil {
		return err
	}
	_, err := io.ReadFull(sock, s2)
	return err
}
