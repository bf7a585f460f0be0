package rtmp

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/yutopp/go-amf0"
)

// command is the head of a command message (RTMP 1.0 section 7.2); args are the
// AMF0 values behind it.
type command struct {
	name        string
	transaction float64
	args        []byte
}

// parseCommand reads the head of a command in plain AMF0.
func parseCommand(plain []byte) (command, error) {
	name, rest, ok := cutString(plain)
	if !ok || len(rest) < 9 || rest[0] != amfNumber {
		return command{}, protocolError("a command does not begin with name and transaction")
	}
	transaction := math.Float64frombits(binary.BigEndian.Uint64(rest[1:]))
	if math.IsNaN(transaction) || math.Abs(transaction) > math.MaxInt32 {
		return command{}, protocolError("a command has transaction %v", transaction)
	}
	return command{name: name, transaction: transaction, args: rest[9:]}, nil
}

// cutString takes a string value off the front of plain AMF0.
func cutString(plain []byte) (s string, rest []byte, ok bool) {
	if len(plain) < 3 || plain[0] != amfString {
		return "", plain, false
	}
	n := 3 + int(binary.BigEndian.Uint16(plain[1:]))
	if len(plain) < n {
		return "", plain, false
	}
	return string(plain[3:n]), plain[n:], true
}

// property is one field of an AMF0 object to be sent.
type property struct{ key, value string }

func appendString(dst []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(append(dst, amfString), uint16(len(s))), s...)
}

func appendNumber(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, amfNumber), math.Float64bits(v))
}

func appendObject(dst []byte, properties ...property) []byte {
	dst = append(dst, amfObject)
	for _, p := range properties {
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(p.key))), p.key...)
		dst = appendString(dst, p.value)
	}
	return append(dst, 0, 0, amfObjectEnd)
}

// status is an onStatus message (section 7.2.2): what became of a stream.
type status struct{ level, code, description string }

// The codes that a publisher or player may be told.
const (
	codePublishBadName = "NetStream.Publish.BadName"
	codePublishDenied  = "NetStream.Publish.Denied"
	codePublishFailed  = "NetStream.Publish.Failed"
	// codePublishUnsupported is ours: a warning that part of what is sent is not
	// taken. Encoders that do not know it go on.
	codePublishUnsupported = "NetStream.Publish.Unsupported"
	codeUnpublished        = "NetStream.Unpublish.Success"
	codePlayFailed         = "NetStream.Play.Failed"
)

func (s status) message(stream uint32) *message {
	body := appendNumber(appendString(nil, "onStatus"), 0)
	body = appendObject(append(body, amfNull),
		property{"level", s.level}, property{"code", s.code}, property{"description", s.description})
	return &message{kind: typeCommandAMF0, stream: stream, body: body}
}

// lengthAnswer is the reply to getStreamLength: 0 s, as for everything live.
func (c command) lengthAnswer(stream uint32) *message {
	body := appendNumber(appendString(nil, "_result"), c.transaction)
	return &message{kind: typeCommandAMF0, stream: stream, body: appendNumber(append(body, amfNull), 0)}
}

// values decodes up to n of the command's values.
func (c command) values(n int) []any {
	args := amf0.NewDecoder(bytes.NewReader(c.args))
	var values []any
	for range n {
		var v any
		if args.Decode(&v) != nil {
			break
		}
		values = append(values, v)
	}
	return values
}

// at is the value of that index, nil if there are not so many.
func at(values []any, i int) any {
	if i < len(values) {
		return values[i]
	}
	return nil
}

func isTrue(values []any, i int) bool {
	v, _ := at(values, i).(bool)
	return v
}

// answer is the reply to a command without a result: "_result" with nothing in
// it, or "_error" for one that is not known.
func (c command) answer(stream uint32, known bool) *message {
	if known {
		body := appendNumber(appendString(nil, "_result"), c.transaction)
		return &message{kind: typeCommandAMF0, stream: stream, body: append(body, amfNull, amfUndefined)}
	}
	body := appendNumber(appendString(nil, "_error"), c.transaction)
	body = appendObject(append(body, amfNull), property{"level", "error"},
		property{"code", "NetConnection.Call.Failed"}, property{"description", "this server does not know the command"})
	return &message{kind: typeCommandAMF0, stream: stream, body: body}
}
