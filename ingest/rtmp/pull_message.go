package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// maxWords bounds what a server's explanation may add to an error.
const maxWords = 200

// take handles one message of the server's; opens is true of the first that shows
// that the stream is there.
func (s *pulled) take(m *message) (opens bool, err error) {
	if err := s.acknowledge(); err != nil {
		return false, err
	}
	switch m.kind {
	case typeAudio, typeVideo, typeAggregate:
		if s.reader.pub == nil {
			// A server that does not say that it plays. What says how to decode
			// comes first and must not be lost.
			if err := s.open(); err != nil {
				return false, err
			}
		}
		s.sock.alive()
		return false, s.media(m)
	case typeDataAMF0:
		plain, err := plainAMF(nil, m.body)
		if err == nil && s.reader.pub != nil {
			if name := encoderName(plain); name != "" {
				s.reader.pub.SetEncoder(name)
				s.reader.call(name)
			}
		}
		return false, nil // metadata that cannot be read tells nothing
	case typeCommandAMF0:
		return s.command(m)
	case typeUserControl:
		if len(m.body) >= 6 && binary.BigEndian.Uint16(m.body) == eventPingRequest {
			return false, s.client.write(pongMessage(m.body[2:6]))
		}
	case typeWindowAckSize:
		if len(m.body) >= 4 {
			s.window = max(ackWindowMin, uint64(binary.BigEndian.Uint32(m.body)))
		}
	}
	return false, nil
}

// media takes a message to the bus.
func (s *pulled) media(m *message) error {
	switch {
	case m.kind == typeAggregate:
		return (&filter{sink: pulledParts{s}}).aggregate(m)
	case len(m.body) == 0:
		return nil
	default:
		return s.reader.take(m)
	}
}

// pulledParts takes the parts of an aggregate.
type pulledParts struct{ *pulled }

func (p pulledParts) media(m *message) error      { return p.reader.take(m) }
func (p pulledParts) bad(err error) error         { return p.reader.reject(err) }
func (p pulledParts) watch(command, uint32) error { return nil }

// command handles what the server says of the stream.
func (s *pulled) command(m *message) (opens bool, err error) {
	plain, err := plainAMF(nil, m.body)
	if err != nil {
		return false, err
	}
	c, err := parseCommand(plain)
	if err != nil {
		return false, err
	}
	switch c.name {
	case "onStatus":
		level, code, words := c.information()
		switch {
		case level == "error":
			return false, fmt.Errorf("%w: %s", ErrRefused, explain(code, words))
		case code == codePlayStart:
			return true, nil
		case code == codePlayUnpublish, code == codePlayStop, code == "NetStream.Play.Complete":
			return false, errStreamOver
		}
		// NetConnection.Connect.ReconnectRequest would come here (Enhanced RTMP);
		// it is sent to those who announce it, and we do not.
	case "close":
		return false, errStreamOver
	}
	return false, nil
}

// acknowledge tells the server how much has come in (section 5.4.3).
func (s *pulled) acknowledge() error {
	if s.window == 0 || s.sock.read-s.acked < s.window/2 {
		return nil
	}
	s.acked = s.sock.read
	return s.client.write(ackMessage(uint32(s.acked)))
}

// information reads the object that says what happened: of onStatus, or of the
// answer to connect.
func (c command) information() (level, code, description string) {
	fields, _ := at(c.values(2), 1).(map[string]any)
	level, _ = fields["level"].(string)
	code, _ = fields["code"].(string)
	description, _ = fields["description"].(string)
	return level, code, description
}

// redirected says whether a refusal is one that names another server.
func (c command) redirected() bool {
	fields, _ := at(c.values(2), 1).(map[string]any)
	more, _ := fields["ex"].(map[string]any)
	return more["redirect"] != nil || more["code"] == float64(302)
}

var errRedirect = errors.New("the server sends us to another one, which is not followed: put that server's URL into the configuration")

// explain puts a server's words into an error's text, as far as they are words.
func explain(code, words string) string {
	text := words
	if text == "" {
		text, code = code, ""
	}
	if code != "" {
		text += " (" + code + ")"
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}
