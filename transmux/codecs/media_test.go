package codecs

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"millrace/transmux/av"
)

// media is what a test file holds, taken apart without any of our own code.
type media struct {
	sps, pps []byte
	asc      []byte
	video    [][][]byte // the NAL units of each access unit
	audio    [][]byte
	types    string // I, P, B of each access unit in decoding order, from ffprobe
}

var mediaFiles = []string{"obs-default", "small-bframes-44k", "zerolatency"}

// readMedia reads flv's test file of that name. The files are trusted: lengths
// are not checked beyond Go's own bounds.
func readMedia(tb testing.TB, name string) media {
	tb.Helper()
	path := filepath.Join("..", "flv", "testdata", name)
	data, err := os.ReadFile(path + ".flv")
	if err != nil {
		tb.Fatal(err)
	}
	types, err := os.ReadFile(path + ".types")
	if err != nil {
		tb.Fatal(err)
	}
	m := media{types: strings.TrimSpace(string(types))}
	for data = data[13:]; len(data) > 0; {
		size := int(binary.BigEndian.Uint32(data) & 0xFFFFFF)
		kind, body := data[0], data[11:11+size]
		data = data[11+size+4:]
		switch {
		case kind == 8 && body[1] == 0:
			m.asc = body[2:]
		case kind == 8:
			m.audio = append(m.audio, body[2:])
		case kind == 9 && body[1] == 0:
			record := body[5+6:]
			n := int(binary.BigEndian.Uint16(record))
			m.sps, record = record[2:2+n], record[2+n+1:]
			n = int(binary.BigEndian.Uint16(record))
			m.pps = record[2 : 2+n]
		case kind == 9 && body[1] == 1:
			var nalus [][]byte
			for rest := body[5:]; len(rest) > 0; {
				n := int(binary.BigEndian.Uint32(rest))
				nalus = append(nalus, rest[4:4+n:4+n])
				rest = rest[4+n:]
			}
			m.video = append(m.video, nalus)
		}
	}
	if len(m.video) == 0 || len(m.video) != len(m.types) {
		tb.Fatalf("%s: %d access units, %d types", name, len(m.video), len(m.types))
	}
	return m
}

// track describes the file's video.
func (m media) track(tb testing.TB) *av.Track {
	tb.Helper()
	t, err := H264Track(m.sps, m.pps)
	if err != nil {
		tb.Fatal(err)
	}
	return &t
}
