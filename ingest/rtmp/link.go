package rtmp

import (
	"context"
	"sync/atomic"
	"time"
)

// The codes that a viewer may be told.
const (
	codePlayReset     = "NetStream.Play.Reset"
	codePlayStart     = "NetStream.Play.Start"
	codePlayUnpublish = "NetStream.Play.UnpublishNotify"
	codePlayStop      = "NetStream.Play.Stop"
	codePauseNotify   = "NetStream.Pause.Notify"
	codeUnpauseNotify = "NetStream.Unpause.Notify"
	codeSeekNotify    = "NetStream.Seek.Notify"
)

// Link is the way to one viewer. Send and Status are one goroutine's at a time;
// what it waits for is bounded by ctx and the connection's own end.
type Link struct {
	out    *outbox
	stream uint32
	began  bool // Play.Start has been said; the player's goroutine's

	paused, deaf, blind atomic.Bool
}

// Send leaves a message of audio (8), video (9) or data (18) with that timestamp
// to be sent, once the viewer has taken most of what was left before. body is the
// caller's again when it returns.
func (l *Link) Send(ctx context.Context, kind uint8, at time.Duration, body []byte) error {
	chunkStream := uint8(chunkStreamStatus)
	switch kind {
	case typeAudio:
		chunkStream = chunkStreamAudio
	case typeVideo:
		chunkStream = chunkStreamVideo
	}
	m := message{kind: kind, stream: l.stream, timestamp: at.Milliseconds(), body: body}
	return l.out.feed(ctx, func(dst []byte) []byte {
		return appendMessage(dst, chunkStream, librarySendChunk, &m)
	})
}

// Status says what becomes of the stream (onStatus, section 7.2.2), with the
// stream events (section 7.1.7) that belong to it.
func (l *Link) Status(level, code, description string) {
	switch code {
	case codePlayStart:
		l.began = true
		_, _ = l.out.Write(streamEventMessage(eventStreamBegin, l.stream)) // never fails
		l.onStatus(status{"status", codePlayReset, description})
	case codePlayUnpublish:
		_, _ = l.out.Write(streamEventMessage(eventStreamEOF, l.stream)) // likewise
	}
	l.onStatus(status{level, code, description})
	if code == codePlayUnpublish {
		l.onStatus(status{level, codePlayStop, description})
	}
}

// onStatus is for everybody.
func (l *Link) onStatus(st status) {
	_, _ = l.out.Write(appendMessage(nil, chunkStreamStatus, librarySendChunk, st.message(l.stream))) // never fails
}

// Wants is what the viewer wants to be sent now.
func (l *Link) Wants() (video, audio bool) {
	if l.paused.Load() {
		return false, false
	}
	return !l.blind.Load(), !l.deaf.Load()
}
