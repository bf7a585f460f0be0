package rtmp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Player serves those who connect to watch. ingest knows nobody who could: cmd
// joins playout's room to it.
type Player interface {
	// Play serves one viewer over its link until ctx or the stream ends, or says
	// over it why not. The error is the cause of the end.
	Play(ctx context.Context, r PlayRequest, link *Link) error
}

// PlayRequest is what a viewer asks for.
type PlayRequest struct {
	Stream     string // as the viewer spelled it
	Remote     string // its address and port
	Credential string // a token, or nothing; never logged
	Agent      string // what the viewer calls itself
	// Takes says which codecs of Enhanced RTMP the viewer reads, by FourCC.
	Takes func(fourCC string) bool
}

// Ends of a viewer's session.
var (
	errStopped = errors.New("the viewer stopped")
	errNotLive = errors.New("wanted to play") // and was told why not
)

const (
	// pingEvery is how often viewers are asked whether they are there. One that
	// only reads says nothing else but an acknowledgement every 2.5 MB.
	pingEvery = 15 * time.Second
	// viewerSilence is after how long without any word a viewer is given up: four
	// pings.
	viewerSilence = time.Minute
	// pauseLimit is the same while it pauses; players do not read then.
	pauseLimit = 10 * time.Minute
	// viewerWriteTimeout is how long a viewer may take for writePiece bytes. One
	// that stands still loses pictures long before; a player that is paused
	// without saying so comes back for the rest.
	viewerWriteTimeout = 30 * time.Second
	// viewerSendBuffer is what the kernel holds for a viewer: a round trip of
	// 100 ms at 20 Mb/s. What is in it is not at the live edge any more.
	viewerSendBuffer = 256 << 10
)

// watch takes the commands of viewers (RTMP 1.0 section 7.2.2).
func (s *session) watch(c command, stream uint32) error {
	if c.name == "play" {
		return s.play(c, stream)
	}
	if s.link == nil || stream != s.stream {
		s.filter.ignored++
		return nil
	}
	switch args := c.values(2); c.name {
	case "pause", "pauseRaw":
		return s.pause(isTrue(args, 1))
	case "receiveAudio":
		s.link.deaf.Store(!isTrue(args, 1))
	case "receiveVideo":
		s.link.blind.Store(!isTrue(args, 1))
	case "seek":
		// There is nowhere to go. An error would end most players.
		s.link.onStatus(status{"status", codeSeekNotify, "the stream is live: it goes on where it is"})
		s.link.onStatus(status{"status", codePlayStart, "playing at the live edge"})
	}
	return nil
}

// play begins to serve a viewer.
func (s *session) play(c command, stream uint32) error {
	args := c.values(2)
	key, _ := at(args, 1).(string)
	want := parseTarget(s.app, s.tcURL, key)
	switch {
	case s.pub != nil || s.link != nil:
		s.end(errSecond)
		return errSecond
	case s.server.cfg.Player == nil:
		s.tell(stream, status{
			"error", codePlayFailed,
			fmt.Sprintf("this gateway plays by WebRTC, not by RTMP: open /watch/%s in a browser", want.name),
		})
		s.end(errPlay)
		return errPlay
	}
	s.leaveRooms()
	if tcp := tcpOf(s.sock.Conn); tcp != nil {
		_ = tcp.SetWriteBuffer(viewerSendBuffer) // or else what it is
	}
	if err := s.sock.expectSigns("word from the player", viewerSilence); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	s.filter.playing = true
	s.out.allow(viewerWriteTimeout)
	s.stream = stream
	s.link = &Link{out: s.out, stream: stream}
	r := PlayRequest{Stream: want.name, Remote: s.remote, Credential: want.credential, Agent: s.reader.agent, Takes: s.takes}
	s.watching.Go(func() {
		err := s.server.cfg.Player.Play(s.ctx, r, s.link)
		if !s.link.began && s.ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", errNotLive, err)
		}
		s.end(err)
	})
	s.watched <- struct{}{}
	return nil
}

// pause stops what the viewer is sent, or lets it go on at the live edge.
func (s *session) pause(on bool) error {
	limit, st := viewerSilence, status{"status", codeUnpauseNotify, "playing at the live edge"}
	if on {
		limit, st = pauseLimit, status{"status", codePauseNotify, "paused"}
	}
	if err := s.sock.expectSigns("word from the player", limit); err != nil {
		return fmt.Errorf("deadline: %w", err)
	}
	s.link.paused.Store(on)
	s.link.onStatus(st)
	return nil
}

// stopWatching ends a viewer's session at its own word.
func (s *session) stopWatching(stream uint32) error {
	if s.link == nil || stream != s.stream {
		return nil
	}
	s.end(errStopped)
	return errStopped
}

// partViewer tells a viewer that is still there of our end.
func (s *session) partViewer() {
	s.watching.Wait()
	if s.link == nil {
		return
	}
	if reasonOf(s.cause()) == reasonShutdown {
		s.link.Status("status", codePlayUnpublish, "the gateway is shutting down")
	}
}

// takes says whether the peer has announced in connect that it reads the codec.
func (s *session) takes(fourCC string) bool { return s.filter.caps.takes(fourCC) }
