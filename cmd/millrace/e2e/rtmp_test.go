package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"time"
)

// rtmpChunk is what our client sends in one chunk, so that a message is one write.
const rtmpChunk = 65536

// rtmpClient is a small RTMP publisher that can also be told to misbehave. What
// the server says is read on a goroutine of its own, which ends with the
// connection.
type rtmpClient struct {
	net.Conn
	// shortExtended is the dialect of older encoders, which do not repeat the
	// extended timestamp on type 3 chunks as the specification wants (5.3.1.3).
	shortExtended bool
	// reconnects is said by encoders that go elsewhere when they are asked to.
	reconnects bool

	replies chan []byte // command messages
	gone    chan struct{}
	stream  uint32
}

// dialRTMP connects and shakes hands (RTMP 1.0 section 5.2).
func dialRTMP(ctx context.Context, address string) (*rtmpClient, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &rtmpClient{Conn: conn, replies: make(chan []byte, 64), gone: make(chan struct{})}
	if err := c.handshake(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return c, nil
}

func (c *rtmpClient) handshake() error {
	hello := make([]byte, 1+1536)
	hello[0] = 3
	if _, err := c.Write(hello); err != nil {
		return err
	}
	answer := make([]byte, 1+1536+1536)
	if _, err := io.ReadFull(c, answer); err != nil {
		return err
	}
	_, err := c.Write(answer[1 : 1+1536])
	return err
}

// publish goes through the commands up to NetStream.Publish.Start. name is app
// and key, as in "live/demo".
func (c *rtmpClient) publish(name string) error {
	return c.ask(name, "publish", "NetStream.Publish.Start")
}

// ask goes through the commands up to one with the stream's name, and to the word
// that consents.
func (c *rtmpClient) ask(name, command, consent string) error {
	go c.read()
	app, key, _ := strings.Cut(name, "/")
	about := map[string]any{"app": app, "type": "nonprivate", "tcUrl": "rtmp://" + c.RemoteAddr().String() + "/" + app}
	if c.reconnects {
		about["capsEx"] = 1.0 // Enhanced RTMP
	}
	err := errors.Join(
		c.send(2, 1, 0, 0, binary.BigEndian.AppendUint32(nil, rtmpChunk)),
		c.send(3, 20, 0, 0, amf("connect", 1.0, about)),
	)
	if err != nil {
		return err
	}
	if _, err := c.reply("_result"); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := c.send(3, 20, 0, 0, amf("createStream", 2.0, nil)); err != nil {
		return err
	}
	r, err := c.reply("_result")
	if err != nil || len(r) < 8 {
		return fmt.Errorf("createStream: %w", err)
	}
	c.stream = uint32(math.Float64frombits(binary.BigEndian.Uint64(r[len(r)-8:])))
	if err := c.send(4, 20, c.stream, 0, amf(command, 3.0, nil, key, "live")); err != nil {
		return err
	}
	if _, err := c.reply(consent); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}

// reply waits for a command that has the word in it; any error status ends the wait.
func (c *rtmpClient) reply(word string) ([]byte, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	gone := c.gone
	for {
		if gone == nil && len(c.replies) == 0 {
			return nil, errors.New("the server hung up")
		}
		select {
		case r := <-c.replies:
			if bytes.Contains(r, []byte(word)) {
				return r, nil
			}
			if bytes.Contains(r, []byte("error")) {
				return nil, fmt.Errorf("refused: %q", r)
			}
		case <-gone:
			gone = nil // what it said before is still to be read
		case <-late.C:
			return nil, errTimeout
		}
	}
}

// send writes one message in one write.
func (c *rtmpClient) send(chunkStream, kind byte, stream, ms uint32, body []byte) error {
	_, err := c.Write(c.message(chunkStream, kind, stream, ms, body))
	return err
}

// message is a type 0 chunk and as many type 3 chunks as it takes (section 5.3.1).
func (c *rtmpClient) message(chunkStream, kind byte, stream, ms uint32, body []byte) []byte {
	short := min(ms, 0xFFFFFF)
	b := []byte{chunkStream, byte(short >> 16), byte(short >> 8), byte(short), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body)), kind}
	b = binary.LittleEndian.AppendUint32(b, stream)
	extended := short == 0xFFFFFF
	if extended {
		b = binary.BigEndian.AppendUint32(b, ms)
	}
	for {
		n := min(len(body), rtmpChunk)
		b = append(b, body[:n]...)
		if body = body[n:]; len(body) == 0 {
			return b
		}
		b = append(b, 0xC0|chunkStream)
		if extended && !c.shortExtended {
			b = binary.BigEndian.AppendUint32(b, ms)
		}
	}
}

// read takes the server's chunks apart until the connection ends.
func (c *rtmpClient) read() {
	defer close(c.gone)
	type state struct {
		length  int
		kind    byte
		message []byte
	}
	streams, chunk := map[byte]*state{}, 128
	header := make([]byte, 11)
	for {
		if _, err := io.ReadFull(c, header[:1]); err != nil {
			return
		}
		s := streams[header[0]&0x3F]
		if s == nil {
			s = &state{}
			streams[header[0]&0x3F] = s
		}
		size := [4]int{11, 7, 3, 0}[header[0]>>6]
		if _, err := io.ReadFull(c, header[:size]); err != nil {
			return
		}
		if size >= 7 {
			s.length = int(header[3])<<16 | int(header[4])<<8 | int(header[5])
			s.kind = header[6]
		}
		part := make([]byte, min(chunk, s.length-len(s.message)))
		if _, err := io.ReadFull(c, part); err != nil {
			return
		}
		if s.message = append(s.message, part...); len(s.message) < s.length {
			continue
		}
		switch {
		case s.kind == 1 && s.length == 4:
			chunk = int(binary.BigEndian.Uint32(s.message))
		case s.kind == 20:
			select {
			case c.replies <- s.message:
			default: // nobody asks
			}
		}
		s.message = nil
	}
}

// play sends a clip over and over in its own time from the given millisecond on,
// until ctx ends or the connection does. each may change a picture's body and is
// told when it is about to leave.
func (c *rtmpClient) play(ctx context.Context, source *clip, from uint32, each func(*tag, time.Time) []byte) error {
	begun := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for turn := time.Duration(0); ; turn += source.length {
		for i := range source.tags {
			g := &source.tags[i]
			if g.kind == tagScript {
				continue
			}
			timer.Reset(time.Until(begun.Add(turn + g.at)))
			select {
			case <-timer.C:
			case <-ctx.Done():
				return nil
			}
			body := g.body
			if each != nil && g.frame() {
				body = each(g, time.Now())
			}
			chunkStream := byte(6)
			if g.kind == tagAudio {
				chunkStream = 5
			}
			ms := from + uint32((turn+g.at)/time.Millisecond)
			if err := c.send(chunkStream, g.kind, c.stream, ms, body); err != nil {
				return err
			}
		}
	}
}

// amf encodes command values as AMF0.
func amf(values ...any) []byte {
	var b []byte
	text := func(s string) { b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...) }
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b = append(b, 2)
			text(v)
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 0), math.Float64bits(v))
		case nil:
			b = append(b, 5)
		case map[string]any:
			b = append(b, 3)
			for k, inner := range v {
				text(k)
				b = append(b, amf(inner)...)
			}
			b = append(b, 0, 0, 9)
		default:
			panic(fmt.Sprintf("amf: %T", v))
		}
	}
	return b
}
