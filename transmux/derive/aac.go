package derive

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/derive/audio"
)

// aacToOpus is the maker that turns AAC into Opus, in the caller's goroutine.
type aacToOpus struct {
	transcoder *audio.Transcoder
	emit       func(*av.Frame)
}

func checkAAC(source *av.Track) error {
	if len(source.Config) == 0 {
		return refusal("the encoder sent AAC without its configuration; start it anew")
	}
	return refused(audio.Check(source.Config[0]))
}

func openAAC(source *av.Track, emit func(*av.Frame)) (maker, error) {
	if err := checkAAC(source); err != nil {
		return nil, err
	}
	t, err := audio.New(source.Config[0])
	if err != nil {
		return nil, refused(err)
	}
	return &aacToOpus{transcoder: t, emit: emit}, nil
}

// refused turns the transcoder's errors into this room's.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, audio.ErrUnsupported):
		return refusal(audio.Words(err))
	case errors.Is(err, audio.ErrConfig):
		return refusal("the encoder's AAC configuration is malformed; start it anew")
	default:
		return fmt.Errorf("derive: %w", err)
	}
}

func (m *aacToOpus) Track() av.Track { return codecs.OpusTrack(m.transcoder.Channels()) }

func (m *aacToOpus) Write(f *av.Frame) error {
	var unit []byte // an audio frame has one part; one without any is corrupt
	if len(f.Parts) > 0 {
		unit = f.Parts[0]
	}
	packets, err := m.transcoder.Write(f.PTS, unit)
	if err != nil {
		return refused(err)
	}
	for _, p := range packets {
		made := codecs.OpusFrame(p.Data)
		made.PTS, made.DTS = p.PTS, p.PTS
		made.Arrived = f.Arrived
		m.emit(made)
	}
	return nil
}

func (m *aacToOpus) Trouble() uint64 { return m.transcoder.Stats().Corrupt }

func (m *aacToOpus) Close() {}
