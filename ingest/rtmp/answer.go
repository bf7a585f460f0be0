package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// answers is the library's way out. It writes chunks whose headers refer to those
// before them, so none of them could be changed alone: its messages are put
// together again and written anew, each in a chunk that stands for itself.
type answers struct {
	raw bytes.Buffer
	in  *chunkReader
}

// answerBuffer is enough to read headers from what is in memory already.
const answerBuffer = 64

func newAnswers() *answers {
	a := &answers{}
	a.in = newChunkReader(newInlet(&a.raw, answerBuffer), lengthLimits{}, budgetPending, 1)
	a.in.size = librarySendChunk
	return a
}

// messages calls each for every message in p, which is whole chunks.
func (a *answers) messages(p []byte, each func(m *message)) error {
	a.raw.Write(p) // never fails
	for a.raw.Len()+a.in.in.Buffered() > 0 {
		var m message
		if err := a.in.next(&m); errors.Is(err, io.EOF) && a.in.held == 0 {
			return nil // it was about chunks
		} else if err != nil {
			return fmt.Errorf("the library's answer cannot be read: %w", err)
		}
		each(&m)
	}
	return nil
}

// answer sends what the library says, and in the place of its consent to connect
// one that says what we take, if the peer has asked.
func (f *filter) answer(p []byte) error {
	return f.answers.messages(p, func(m *message) {
		if f.caps.answers(m) {
			m = f.caps.result()
		}
		chunkStream := uint8(chunkStreamStatus)
		switch {
		case m.kind < typeAudio:
			chunkStream = chunkStreamControl
		case m.stream == 0:
			chunkStream = chunkStreamCommand
		}
		_, _ = f.out.Write(appendMessage(nil, chunkStream, librarySendChunk, m)) // never fails
	})
}
