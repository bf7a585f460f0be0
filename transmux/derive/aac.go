package derive

import (
	"errors"
	"fmt"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/derive/audio"
)

// inProcess is the recipe for the sound that nearly everybody sends. A maker
// costs a millisecond.
func inProcess() recipe {
	return recipe{to: av.Opus, by: "the gateway", changes: 10, trouble: "source is corrupt", check: checkAAC, open: openAAC}
}

// aacToOpus is the maker that turns AAC into Opus, in the caller's goroutine.
type aacToOpus struct {
	transcoder *audio.Transcoder
	output     output
}

func checkAAC(_ string, source *av.Track) error {
	switch {
	case source.Codec != av.AAC:
		return refusal("") // it speaks of nothing else
	case len(source.Config) == 0:
		return refusal("the encoder sent AAC without its configuration; start it anew")
	default:
		return refused(audio.Check(source.Config[0]))
	}
}

func openAAC(o opening) (maker, error) {
	t, err := audio.New(o.source.Config[0])
	if err != nil {
		return nil, refused(err)
	}
	o.output.Announce(codecs.OpusTrack(t.Channels()))
	return &aacToOpus{transcoder: t, output: o.output}, nil
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
		m.output.Write(made)
	}
	return nil
}

func (m *aacToOpus) Trouble() uint64 { return m.transcoder.Stats().Corrupt }

func (m *aacToOpus) Done() <-chan struct{} { return nil }

func (m *aacToOpus) Err() error { return nil }

func (m *aacToOpus) Close() {}
