package rtmp

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/yutopp/go-rtmp/handshake"
)

const (
	transactionPlay = 3
	// liveOnly is play's start for a stream that is live or not there (section
	// 7.2.2.1: in seconds; servers want milliseconds).
	liveOnly = -1000
	// bufferLength is how far ahead the server may send, in ms.
	bufferLength = 1000
)

// beginPlaying does the handshake and the commands of a player, up to the word play.
func (c *client) beginPlaying(a address) error {
	if err := handshake.HandshakeWithServer(c.conn, c.conn, &handshake.Config{SkipHandshakeVerification: true}); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if err := c.write(setChunkSizeMessage(clientChunk)); err != nil {
		return err
	}
	if err := c.write(appendMessage(nil, chunkStreamCommand, clientChunk,
		&message{kind: typeCommandAMF0, body: connectCommand(a)})); err != nil {
		return err
	}
	if err := c.answered(transactionConnect); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	body := append(appendNumber(appendString(nil, "createStream"), transactionCreate), amfNull)
	if err := c.write(appendMessage(nil, chunkStreamCommand, clientChunk, &message{kind: typeCommandAMF0, body: body})); err != nil {
		return err
	}
	if err := c.answered(transactionCreate); err != nil {
		return fmt.Errorf("createStream: %w", err)
	}
	body = append(appendNumber(appendString(nil, "play"), transactionPlay), amfNull)
	body = appendNumber(appendString(body, a.key), liveOnly)
	b := appendMessage(nil, chunkStreamCommand, clientChunk, &message{kind: typeCommandAMF0, stream: c.stream, body: body})
	b = append(b, bufferLengthMessage(c.stream, bufferLength)...)
	return c.write(b)
}

// answered reads up to the answer to a transaction, in which a stream may be.
func (c *client) answered(transaction float64) error {
	for {
		cmd, err := c.next()
		if err != nil {
			return err
		}
		if cmd.transaction != transaction {
			continue
		}
		switch cmd.name {
		case "_error":
			if cmd.redirected() {
				return errRedirect
			}
			_, code, words := cmd.information()
			return fmt.Errorf("%w: %s", ErrRefused, explain(code, words))
		case "_result":
			if id, ok := at(cmd.values(2), 1).(float64); ok && id >= 0 && id <= math.MaxUint32 {
				c.stream = uint32(id)
			}
			return nil
		}
	}
}

// connectCommand is connect with what Enhanced RTMP adds to it.
func connectCommand(a address) []byte {
	b := appendNumber(appendString(nil, "connect"), transactionConnect)
	b = append(b, amfObject)
	for _, p := range []property{
		{"app", a.app},
		{"flashVer", "LNX 9,0,124,2"},
		{"tcUrl", a.scheme + "://" + a.host + "/" + a.app},
	} {
		b = appendString(appendKey(b, p.key), p.value)
	}
	b = append(appendKey(b, "fpad"), amfBoolean, 0)
	for _, p := range []struct {
		key   string
		value float64
	}{{"capabilities", 15}, {"audioCodecs", 0x0FFF}, {"videoCodecs", 0x00FF}, {"videoFunction", 1}, {"objectEncoding", 0}} {
		b = appendNumber(appendKey(b, p.key), p.value)
	}
	b = appendOurs(b)
	return append(b, 0, 0, amfObjectEnd)
}

// bufferLengthMessage says how much a player holds (section 7.1.7).
func bufferLengthMessage(stream, ms uint32) []byte {
	body := binary.BigEndian.AppendUint32([]byte{0, eventBufferLength}, stream)
	return control(typeUserControl, binary.BigEndian.AppendUint32(body, ms)...)
}
