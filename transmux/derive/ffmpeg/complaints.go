package ffmpeg

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	maxLine = 300 // bytes of a line that are kept
	// A broken source has ffmpeg complain with every frame.
	linesAtOnce  = 5
	linesRefill  = 10 * time.Second
	complaintKey = "says"
)

// complaints are what ffmpeg writes to its standard error.
type complaints struct {
	log  *slog.Logger
	mu   sync.Mutex
	last string
}

// read logs lines until the pipe ends, a few at a time.
func (c *complaints) read(from io.Reader) {
	r := bufio.NewReaderSize(from, maxLine)
	left, unsaid, begun := linesAtOnce, 0, time.Now()
	for {
		line, err := r.ReadSlice('\n')
		text := strings.ToValidUTF8(strings.TrimSpace(string(line)), "?")
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line
			_, err = r.ReadSlice('\n')
		}
		if text != "" {
			c.mu.Lock()
			c.last = text
			c.mu.Unlock()
			if time.Since(begun) > linesRefill {
				left, begun = linesAtOnce, time.Now()
			}
			if left > 0 {
				c.log.Warn("ffmpeg complains", complaintKey, text, "unsaid", unsaid)
				left, unsaid = left-1, 0
			} else {
				unsaid++
			}
		}
		if err != nil {
			return
		}
	}
}

// words are the last complaint.
func (c *complaints) words() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}
