package bench

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"millrace/transmux/flv"
)

// avc is an FLV video body of units with lengths of so many bytes.
func avc(lengthSize int, units ...string) []byte {
	body := []byte{0x17, 1, 0, 0, 0}
	for _, u := range units {
		size := binary.BigEndian.AppendUint32(nil, uint32(len(u)))
		body = append(append(body, size[4-lengthSize:]...), u...)
	}
	return body
}

const (
	aud, sps, pps, idr, delta = "\x09\xf0", "\x67\x64\x00\x1f", "\x68\xee", "\x65\x88\x80", "\x41\x9a"
	otherSEI                  = "\x06\x05\x01\x00\x80"
)

func TestMarked(t *testing.T) {
	at := time.Unix(1_900_000_000, 123_456_789)
	unit := string(mark(at))
	for name, tt := range map[string]struct {
		lengthSize int
		body, want []byte
	}{
		"delta":          {4, avc(4, delta), avc(4, unit, delta)},
		"two slices":     {4, avc(4, delta, delta), avc(4, unit, delta, delta)},
		"keyframe":       {4, avc(4, aud, sps, pps, otherSEI, idr), avc(4, aud, sps, pps, unit, otherSEI, idr)},
		"short lengths":  {1, avc(1, sps, idr), avc(1, sps, unit, idr)},
		"medium lengths": {2, avc(2, delta), avc(2, unit, delta)},
		"only sets":      {4, avc(4, sps, pps), avc(4, sps, pps, unit)},
		"nothing inside": {4, avc(4), avc(4, unit)},
	} {
		t.Run(name, func(t *testing.T) {
			before := bytes.Clone(tt.body)
			got := marked(tt.body, tt.lengthSize, at)
			if !bytes.Equal(got, tt.want) {
				t.Errorf("got %x, want %x", got, tt.want)
			}
			if !bytes.Equal(before, tt.body) {
				t.Error("the body itself was changed")
			}
			if when, ok := readMark(got); !ok || when != at.UnixNano() {
				t.Errorf("read back %v, %v", when, ok)
			}
		})
	}
}

// TestUnmarked leaves alone what it does not understand.
func TestUnmarked(t *testing.T) {
	for name, tt := range map[string]struct {
		lengthSize int
		body       []byte
	}{
		"no AVC":         {4, []byte{0x12, 1, 0, 0, 0, 1, 2, 3, 4, 5}},
		"enhanced":       {4, []byte{0x97, 1, 0, 0, 0, 1, 2, 3, 4, 5}},
		"configuration":  {4, []byte{0x17, 0, 0, 0, 0, 1, 2, 3, 4, 5}},
		"cut short":      {4, []byte{0x17, 1, 0}},
		"length beyond":  {4, append(avc(4), 0, 0, 9, 9, 0x67)},
		"no such length": {3, avc(4, delta)},
		"unknown length": {0, avc(4, delta)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := marked(tt.body, tt.lengthSize, time.Now()); !bytes.Equal(got, tt.body) {
				t.Errorf("changed to %x", got)
			}
		})
	}
}

func TestReadMarkOfSomethingElse(t *testing.T) {
	whole := mark(time.Now())
	for name, payload := range map[string][]byte{
		"nothing":      nil,
		"no mark":      []byte("some slice data"),
		"cut short":    whole[:len(whole)-3],
		"not our time": append(append([]byte{6, 5, 25}, markID...), make([]byte, 20)...),
	} {
		if at, ok := readMark(payload); ok {
			t.Errorf("%s: read %d", name, at)
		}
	}
}

// TestMarksNeedNoEmulationPrevention: three bytes that look like a start code
// would have to be broken up (H.264 section 7.4.1).
func TestMarksNeedNoEmulationPrevention(t *testing.T) {
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1<<32, 0), time.Unix(1_900_000_000, 1)} {
		if bytes.IndexByte(mark(at), 0) >= 0 {
			t.Errorf("the mark of %v holds a zero byte: %x", at, mark(at))
		}
	}
}

// TestMarksTravelInTheFirstPacket goes through the gateway's own cut.
func TestMarksTravelInTheFirstPacket(t *testing.T) {
	for _, name := range []string{clean, bFrames} {
		tags, err := readTags(read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var d flv.Demuxer
		pictures := 0
		for _, tag := range tags {
			if tag.kind != tagVideo {
				continue
			}
			event, err := d.Video(tag.at, bytes.Clone(marked(tag.body, 4, time.Unix(0, int64(tag.at)))))
			if err != nil {
				t.Fatal(err)
			}
			if event.Frame == nil {
				continue
			}
			pictures++
			p := event.Frame.Payloads[0]
			if at, ok := readMark(append(bytes.Clone(p.Head), p.Body...)); !ok || at != int64(tag.at) {
				t.Errorf("%s: picture at %v has the mark %v, %v", name, tag.at, at, ok)
			}
		}
		if pictures < 50 {
			t.Errorf("%s: only %d pictures", name, pictures)
		}
	}
}

func FuzzMarked(f *testing.F) {
	f.Add(avc(4, aud, sps, idr), 4)
	f.Add(avc(2, delta), 2)
	f.Fuzz(func(t *testing.T, body []byte, lengthSize int) {
		if got := marked(body, lengthSize, time.Now()); len(got) < len(body) {
			t.Errorf("%d bytes of %d", len(got), len(body))
		}
	})
}
