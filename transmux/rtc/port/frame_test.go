package port

import (
	"bufio"
	"bytes"
	"testing"
)

// FuzzFrames reads what may come over a connection, and puts it together again.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 2})
	f.Add([]byte{0xff, 0xff, 1})
	f.Add(append([]byte{0, 36}, hello("ours")...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(b), readBuffer)
		var back []byte
		for {
			packet, err := peekFrame(r)
			if err != nil {
				break
			}
			if len(packet) > maxDatagram {
				t.Fatalf("a packet of %d bytes", len(packet))
			}
			back = appendFrame(back, packet)
			_, _ = r.Discard(frameHeader + len(packet))
		}
		if !bytes.HasPrefix(b, back) {
			t.Errorf("%x came out of %x", back, b)
		}
	})
}
