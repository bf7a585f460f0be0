package flv

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// message is one audio or video message of a test file.
type message struct {
	video bool
	at    time.Duration
	body  []byte
}

var mediaFiles = []string{"obs-default", "small-bframes-44k", "zerolatency"}

// readMessages reads a test file's tags (FLV specification section E.4). The
// files are trusted.
func readMessages(tb testing.TB, name string) (messages []message) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".flv"))
	if err != nil {
		tb.Fatal(err)
	}
	for data = data[13:]; len(data) > 0; {
		size := int(binary.BigEndian.Uint32(data) & 0xFFFFFF)
		ms := int(data[7])<<24 | int(binary.BigEndian.Uint32(data[4:])>>8)
		if kind := data[0]; kind == 8 || kind == 9 {
			messages = append(messages, message{
				video: kind == 9,
				at:    time.Duration(ms) * time.Millisecond,
				body:  data[11 : 11+size : 11+size],
			})
		}
		data = data[11+size+4:]
	}
	return messages
}

// bodies returns the first n video or audio bodies of a test file.
func bodies(tb testing.TB, name string, video bool, n int) (out [][]byte) {
	tb.Helper()
	for _, m := range readMessages(tb, name) {
		if m.video == video && len(out) < n {
			out = append(out, m.body)
		}
	}
	return out
}
