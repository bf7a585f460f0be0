package codecs

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"millrace/transmux/av"
)

// readIVF reads the frames of a file in testdata. The files are trusted.
func readIVF(tb testing.TB, name string) (frames [][]byte) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".ivf"))
	if err != nil {
		tb.Fatal(err)
	}
	for data = data[binary.LittleEndian.Uint16(data[6:]):]; len(data) > 0; {
		n := 12 + int(binary.LittleEndian.Uint32(data))
		frames = append(frames, data[12:n:n])
		data = data[n:]
	}
	if len(frames) == 0 {
		tb.Fatalf("%s: no frames", name)
	}
	return frames
}

// whole is a payload as it goes over the wire, without padding.
func whole(p av.Payload) []byte {
	return append(append([]byte(nil), p.Head...), p.Body...)
}

// checkSizes holds payloads against their bounds: none too large, none open to
// appends into the next, and of one size but the last, if even.
func checkSizes(tb testing.TB, payloads []av.Payload, even bool) {
	tb.Helper()
	for i, p := range payloads {
		if p.Size() > av.MaxPayload {
			tb.Fatalf("payload %d has %d bytes", i, p.Size())
		}
		if len(p.Head)+len(p.Body) == 0 {
			tb.Fatalf("payload %d is empty", i)
		}
		if cap(p.Body) != len(p.Body) || cap(p.Head) != len(p.Head) {
			tb.Fatalf("payload %d: an append would write into the next", i)
		}
	}
	if runs := countRuns(payloads); even && runs > 1 {
		tb.Fatalf("%d runs in %d packets", runs, len(payloads))
	}
}

// sameParts compares without printing: a diff of kilobytes takes seconds to make.
func sameParts(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
