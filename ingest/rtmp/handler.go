package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/yutopp/go-amf0"
	gortmp "github.com/yutopp/go-rtmp"
	rtmpmsg "github.com/yutopp/go-rtmp/message"

	"millrace/ingest"
)

// maxEncoderName bounds what a peer may call itself, in bytes.
const maxEncoderName = 128

// OnServe is the library's first call. From here on it reads and writes every
// message as one chunk.
func (s *session) OnServe(conn *gortmp.Conn) {
	s.library = conn.GetChunkStreamer()
	err := errors.Join(
		s.library.PeerState().SetChunkSize(maxChunk),
		s.library.SelfState().SetChunkSize(librarySendChunk))
	if err != nil {
		panic(fmt.Sprintf("rtmp: the library refuses its own limits: %v", err))
	}
}

// OnConnect takes down which application the peer wants.
func (s *session) OnConnect(_ uint32, cmd *rtmpmsg.NetConnectionConnect) error {
	s.app, s.tcURL = cmd.Command.App, cmd.Command.TCURL
	s.reader.call(plainName(cmd.Command.FlashVer))
	return nil
}

// OnPublish asks the gate. The library tells the peer if all is well; why not,
// we tell it, because the library knows one reason for everything.
func (s *session) OnPublish(stream *gortmp.StreamContext, _ uint32, cmd *rtmpmsg.NetStreamPublish) error {
	want := parseTarget(s.app, s.tcURL, cmd.PublishingName)
	if s.pub != nil || s.link != nil {
		return s.refuse(stream.StreamID, want, errSecond)
	}
	pub, err := s.server.gate.Open(s.ctx, ingest.Request{
		Name: want.name, Protocol: "rtmp", Remote: s.remote, Credential: want.credential, End: s.end,
		Numbers: s.reader.tally.Numbers,
	})
	if err != nil {
		return s.refuse(stream.StreamID, want, err)
	}
	s.pub, s.name, s.stream = pub, want.name, stream.StreamID
	s.log = s.log.With("stream", s.name)
	s.reader.pub, s.reader.log = pub, s.log
	s.reader.warn = func(text string) {
		s.filter.say(status{"warning", codePublishUnsupported, text}.message(s.stream))
	}
	s.leaveRooms()
	s.server.counters.published.Add(1)
	if err := s.sock.expectSigns("media", s.server.cfg.IdleTimeout); err != nil {
		s.end(fmt.Errorf("deadline: %w", err))
		return err
	}
	s.filter.publishing(stream.StreamID)
	s.accepted <- pub
	if s.filter.caps.capsEx&capsReconnect != 0 {
		s.leave = append(s.leave, s.server.movables.enter(s))
	}
	if s.filter.fcPublish {
		s.filter.say(fcPublished(s.name))
	}
	s.log.Info("rtmp: publisher opened")
	return nil
}

// refuse tells a peer why it may not publish, and ends the session.
func (s *session) refuse(stream uint32, want target, cause error) error {
	s.end(cause)
	if s.pub == nil {
		s.log.Warn("rtmp: refused", "stream", want.forLog(), "cause", cause)
		s.tell(stream, refusal(want.name, cause))
	}
	return cause
}

// tell says the last word to the peer; what the library adds is not sent.
func (s *session) tell(stream uint32, st status) {
	_, _ = s.out.Write(appendMessage(nil, chunkStreamStatus, librarySendChunk, st.message(stream))) // never fails
	s.out.mute()
}

// OnDeleteStream ends the publication if it is that stream's. FCUnpublish, which
// encoders send before it, is only answered: closing then would reset them.
func (s *session) OnDeleteStream(_ uint32, cmd *rtmpmsg.NetStreamDeleteStream) error {
	if s.pub == nil || cmd.StreamID != s.stream {
		return s.stopWatching(cmd.StreamID)
	}
	s.end(errUnpublished)
	return errUnpublished
}

// OnUnknownCommandMessage gets the commands that the library takes in another
// state or on another stream.
func (s *session) OnUnknownCommandMessage(_ uint32, cmd *rtmpmsg.CommandMessage) error {
	switch cmd.CommandName {
	case "closeStream", "deleteStream":
		if s.pub != nil {
			s.end(errUnpublished)
			return errUnpublished
		}
		return s.stopWatching(s.stream)
	case "publish":
		if s.pub != nil {
			s.end(errSecond)
			return errSecond
		}
	}
	return nil
}

// OnSetDataFrame looks for the encoder's name in the metadata.
func (s *session) OnSetDataFrame(_ uint32, data *rtmpmsg.NetStreamSetDataFrame) error {
	if name := encoderName(data.Payload); name != "" && s.pub != nil {
		s.pub.SetEncoder(name)
		s.reader.call(name)
	}
	return nil
}

// OnClose is the library's last call but for closing the filter.
func (s *session) OnClose() {
	switch err := s.filter.failed; {
	case err == nil:
	case s.filter.leaving && (errors.Is(err, io.EOF) || netGone(err)):
		s.end(errUnpublished) // encoders do not always wait until deleteStream is read
	case s.link != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || netGone(err)):
		s.end(errLeft)
	default:
		s.end(err)
	}
	s.end(protocolError("%q cannot be read", s.filter.command)) // if there is no other cause
	if s.pub == nil {
		return
	}
	s.pub.Close()
	if st, ok := farewell(s.name, s.cause()); ok {
		s.tell(s.stream, st)
	}
}

// encoderName finds what the encoder calls itself in the values of onMetaData.
func encoderName(payload []byte) string {
	var name string
	var properties any
	dec := amf0.NewDecoder(bytes.NewReader(payload))
	if dec.Decode(&name) != nil || dec.Decode(&properties) != nil {
		return ""
	}
	fields, _ := properties.(map[string]any)
	encoder, _ := fields["encoder"].(string)
	return plainName(encoder)
}

// plainName is what a peer calls itself, made fit for logs and pages.
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	return strings.ToValidUTF8(name[:min(len(name), maxEncoderName)], "")
}

// fcPublished is what Flash Media Live Encoder and its kin wait for beside the
// library's onStatus.
func fcPublished(name string) *message {
	body := appendNumber(appendString(nil, "onFCPublish"), 0)
	body = appendObject(append(body, amfNull),
		property{"code", "NetStream.Publish.Start"}, property{"description", name})
	return &message{kind: typeCommandAMF0, body: body}
}
