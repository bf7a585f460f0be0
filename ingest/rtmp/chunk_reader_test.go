package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wire writes chunk streams by hand.
type wire struct{ b []byte }

func (w *wire) basic(format uint8, id int) *wire {
	switch {
	case id < 64:
		w.b = append(w.b, format<<6|byte(id))
	case id < 320:
		w.b = append(w.b, format<<6, byte(id-64))
	default:
		w.b = append(w.b, format<<6|1, byte(id-64), byte((id-64)>>8))
	}
	return w
}

func (w *wire) uint24(v int) *wire {
	w.b = append(w.b, byte(v>>16), byte(v>>8), byte(v))
	return w
}

func (w *wire) uint32(v uint32) *wire {
	w.b = binary.BigEndian.AppendUint32(w.b, v)
	return w
}

func (w *wire) bytes(b ...byte) *wire {
	w.b = append(w.b, b...)
	return w
}

// full begins a message with a type 0 chunk's header.
func (w *wire) full(id int, time uint32, length int, kind uint8) *wire {
	w.basic(0, id).uint24(int(min(time, 0xFFFFFF))).uint24(length).bytes(kind, 1, 0, 0, 0)
	if time >= 0xFFFFFF {
		w.uint32(time)
	}
	return w
}

// delta begins a message with a type 1 chunk's header.
func (w *wire) delta(id int, time uint32, length int, kind uint8) *wire {
	w.basic(1, id).uint24(int(min(time, 0xFFFFFF))).uint24(length).bytes(kind)
	if time >= 0xFFFFFF {
		w.uint32(time)
	}
	return w
}

// body is a message's body that never looks like a timestamp.
func body(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(0x80 | i)
	}
	return b
}

func readerOf(in io.Reader) *chunkReader {
	return newChunkReader(newInlet(in, 4096), lengthLimits{video: 1 << 20}, 2<<20, grainPending)
}

type heard struct {
	Kind   uint8
	Time   int64
	Length int
}

func readAll(r *chunkReader) ([]heard, error) {
	var all []heard
	for {
		var m message
		if err := r.next(&m); err != nil {
			return all, err
		}
		if want := body(len(m.body)); m.kind == typeVideo && !bytes.Equal(m.body, want) {
			return all, errors.New("the body is not what was sent")
		}
		all = append(all, heard{m.kind, m.timestamp, len(m.body)})
	}
}

func TestChunkReader(t *testing.T) {
	const far = 0x01020304                                   // beyond 24 bits
	two := func(w *wire, id, n int, extension func(*wire)) { // a body of n > 128 bytes
		b := body(n)
		w.bytes(b[:128]...)
		for b = b[128:]; len(b) > 0; b = b[min(128, len(b)):] {
			w.basic(3, id)
			extension(w)
			w.bytes(b[:min(128, len(b))]...)
		}
	}
	repeats := func(v uint32) func(*wire) { return func(w *wire) { w.uint32(v) } }
	omits := func(*wire) {}

	tests := []struct {
		name string
		send func(*wire)
		want []heard
	}{
		{"one chunk", func(w *wire) { w.full(6, 5, 10, typeVideo).bytes(body(10)...) }, []heard{{typeVideo, 5, 10}}},
		{"ids of two and three bytes", func(w *wire) {
			for _, id := range []int{63, 64, 319, 320, 65599} {
				w.full(id, 0, 200, typeVideo)
				two(w, id, 200, omits)
			}
		}, []heard{{9, 0, 200}, {9, 0, 200}, {9, 0, 200}, {9, 0, 200}, {9, 0, 200}}},
		{"types 1, 2 and 3 refer to the header before", func(w *wire) {
			w.full(6, 100, 4, typeVideo).bytes(body(4)...)
			w.delta(6, 33, 5, typeVideo).bytes(body(5)...)
			w.basic(2, 6).uint24(34).bytes(body(5)...)
			w.basic(3, 6).bytes(body(5)...)
		}, []heard{{9, 100, 4}, {9, 133, 5}, {9, 167, 5}, {9, 201, 5}}},
		{"type 3 after type 0 takes its timestamp for the delta", func(w *wire) {
			w.full(4, 23, 4, typeAudio).bytes(body(4)...)
			w.basic(3, 4).bytes(body(4)...)
		}, []heard{{8, 23, 4}, {8, 46, 4}}},
		{"but not when that cannot be a delta", func(w *wire) {
			w.full(4, 3_600_000, 4, typeAudio).bytes(body(4)...)
			w.basic(3, 4).bytes(body(4)...)
		}, []heard{{8, 3_600_000, 4}, {8, 3_600_000, 4}}},
		{"messages interleave", func(w *wire) {
			v := body(200)
			w.full(6, 1, 200, typeVideo).bytes(v[:128]...)
			w.full(4, 2, 3, typeAudio).bytes(1, 2, 3)
			w.basic(3, 6).bytes(v[128:]...)
		}, []heard{{8, 2, 3}, {9, 1, 200}}},
		{"extended, repeated", func(w *wire) {
			w.full(6, far, 300, typeVideo)
			two(w, 6, 300, repeats(far))
			w.delta(6, 33, 300, typeVideo)
			two(w, 6, 300, omits) // this delta is not extended
		}, []heard{{9, far, 300}, {9, far + 33, 300}}},
		{"extended, omitted", func(w *wire) {
			w.full(6, far, 300, typeVideo)
			two(w, 6, 300, omits)
			w.full(6, far+33, 129, typeVideo)
			two(w, 6, 129, omits)
		}, []heard{{9, far, 300}, {9, far + 33, 129}}},
		{"extended, message by type 3", func(w *wire) {
			w.full(6, far, 200, typeVideo)
			two(w, 6, 200, repeats(far))
			w.basic(3, 6).uint32(far)
			two(w, 6, 200, repeats(far))
			w.basic(3, 6).uint32(far + 40)
			two(w, 6, 200, repeats(far+40))
		}, []heard{{9, far, 200}, {9, far, 200}, {9, far + 40, 200}}},
		{"exactly 0xFFFFFF", func(w *wire) {
			w.full(6, 0xFFFFFF, 200, typeVideo)
			two(w, 6, 200, repeats(0xFFFFFF))
		}, []heard{{9, 0xFFFFFF, 200}}},
		{"across 0xFFFFFF by deltas", func(w *wire) {
			w.full(6, 0xFFFFF0, 4, typeVideo).bytes(body(4)...)
			w.delta(6, 33, 4, typeVideo).bytes(body(4)...)
		}, []heard{{9, 0xFFFFF0, 4}, {9, 0xFFFFF0 + 33, 4}}},
		{"across 2^32", func(w *wire) {
			w.full(6, 0xFFFFFFF0, 4, typeVideo).bytes(body(4)...)
			w.delta(6, 33, 4, typeVideo).bytes(body(4)...)
			w.full(4, 18, 4, typeAudio).bytes(body(4)...)
			w.full(4, 0xFFFFFFFE, 4, typeAudio).bytes(body(4)...)
		}, []heard{{9, 0xFFFFFFF0, 4}, {9, 1<<32 + 17, 4}, {8, 1<<32 + 18, 4}, {8, 1<<32 - 2, 4}}},
		{"librtmp goes backwards by a delta of nearly 2^32", func(w *wire) {
			w.full(4, 100, 4, typeVideo).bytes(body(4)...)
			w.delta(4, 0xFFFFFFF6, 200, typeVideo)
			two(w, 4, 200, repeats(0xFFFFFFF6))
		}, []heard{{9, 100, 4}, {9, 90, 200}}},
		{"chunk size changes inside a message", func(w *wire) {
			v := body(400)
			w.full(6, 1, 400, typeVideo).bytes(v[:128]...)
			w.full(2, 0, 4, typeSetChunkSize).uint32(200)
			w.basic(3, 6).bytes(v[128:328]...)
			w.basic(3, 6).bytes(v[328:]...)
		}, []heard{{9, 1, 400}}},
		{"an aborted message is dropped", func(w *wire) {
			w.full(6, 1, 400, typeVideo).bytes(body(128)...)
			w.full(2, 0, 4, typeAbort).uint32(6)
			w.full(6, 2, 4, typeVideo).bytes(body(4)...)
		}, []heard{{9, 2, 4}}},
		{"empty messages", func(w *wire) {
			w.full(6, 1, 0, typeVideo)
			w.basic(3, 6)
			w.full(6, 2, 4, typeVideo).bytes(body(4)...)
		}, []heard{{9, 1, 0}, {9, 2, 0}, {9, 2, 4}}},
		{"librtmp's pong begins with type 1", func(w *wire) {
			w.delta(2, 0, 6, typeUserControl).bytes(0, 7, 0, 0, 0, 1)
		}, []heard{{typeUserControl, 0, 6}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w wire
			tt.send(&w)
			got, err := readAll(readerOf(bytes.NewReader(w.b)))
			if err != io.EOF {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestChunkReaderRefuses(t *testing.T) {
	tests := []struct {
		name string
		send func(*wire)
	}{
		{"type 1 first", func(w *wire) { w.delta(6, 0, 4, typeVideo).bytes(body(4)...) }},
		{"type 2 first", func(w *wire) { w.basic(2, 6).uint24(0) }},
		{"type 3 first", func(w *wire) { w.basic(3, 6) }},
		{"a message inside a message", func(w *wire) {
			w.full(6, 0, 400, typeVideo).bytes(body(128)...).full(6, 0, 400, typeVideo).bytes(body(128)...)
		}},
		{"video too long", func(w *wire) { w.full(6, 0, 1<<20+1, typeVideo) }},
		{"audio too long", func(w *wire) { w.full(6, 0, maxAudio+1, typeAudio) }},
		{"command too long", func(w *wire) { w.full(6, 0, maxCommand+1, typeCommandAMF0) }},
		{"control too long", func(w *wire) { w.full(2, 0, maxControl+1, typeUserControl) }},
		{"chunk size 0", func(w *wire) { w.full(2, 0, 4, typeSetChunkSize).uint32(0) }},
		{"chunk size 2^31", func(w *wire) { w.full(2, 0, 4, typeSetChunkSize).uint32(1 << 31) }},
		{"chunk size of 3 bytes", func(w *wire) { w.full(2, 0, 3, typeSetChunkSize).bytes(1, 2, 3) }},
		{"too many chunk streams", func(w *wire) {
			for i := range maxChunkStreams + 1 {
				w.full(100+i, 0, 1, typeAudio).bytes(1)
			}
		}},
		{"too much unfinished", func(w *wire) {
			w.full(2, 0, 4, typeSetChunkSize).uint32(1 << 19)
			for i := range 6 {
				w.full(100+i, 0, 1<<20, typeVideo).bytes(body(1 << 19)...)
			}
		}},
		{"the extended timestamp changes inside a message", func(w *wire) {
			b := body(400)
			w.full(6, 1<<24, 400, typeVideo).bytes(b[:128]...)
			w.basic(3, 6).uint32(1 << 24).bytes(b[128:256]...)
			w.basic(3, 6).uint32(1<<24 + 1).bytes(b[256:]...)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w wire
			tt.send(&w)
			if _, err := readAll(readerOf(bytes.NewReader(w.b))); !errors.Is(err, errProtocol) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A sender that omits the extension must not make the reader wait for bytes of
// the next message, or every frame would be a frame late.
func TestChunkReaderDoesNotWaitForTheNextMessage(t *testing.T) {
	for tail := 1; tail <= 5; tail++ {
		in, out := io.Pipe()
		var w wire
		b := body(128 + tail)
		w.full(6, 1<<24, len(b), typeVideo).bytes(b[:128]...).basic(3, 6).bytes(b[128:]...)
		go out.Write(w.b)
		whole := make(chan error, 1)
		go func() {
			var m message
			whole <- readerOf(in).next(&m)
		}()
		select {
		case err := <-whole:
			if err != nil {
				t.Errorf("tail of %d: %v", tail, err)
			}
		case <-time.After(patience):
			t.Errorf("tail of %d: still waiting", tail)
		}
		in.Close()
		out.Close()
	}
}

// Memory follows what has come, not what is announced.
func TestChunkReaderBelievesNoLength(t *testing.T) {
	var w wire
	w.full(2, 0, 4, typeSetChunkSize).uint32(1<<30).full(6, 0, 1<<20, typeVideo).bytes(body(100)...)
	r := readerOf(bytes.NewReader(w.b))
	if _, err := readAll(r); err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	if r.held > grainPending {
		t.Fatalf("%d bytes held for 100", r.held)
	}
}

func TestAppendMessage(t *testing.T) {
	for _, time := range []int64{0, 5, 0xFFFFFE, 0xFFFFFF, 0x1000000, 0xFFFFFFFF} {
		for _, size := range []int{0, 1, 127, 128, 129, 1000} {
			b := appendMessage(nil, 6, 128, &message{kind: typeVideo, timestamp: time, body: body(size)})
			got, err := readAll(readerOf(bytes.NewReader(b)))
			if diff := cmp.Diff([]heard{{typeVideo, time, size}}, got); err != io.EOF || diff != "" {
				t.Errorf("%d bytes at %d: %v\n%s", size, time, err, diff)
			}
		}
	}
}
