//go:build noaac

// The twin of decoder_goaac.go for builds without go-aac.

package audio

import (
	"errors"
	"fmt"
)

var errUnit = errors.New("audio: corrupt access unit")

func decoderAvailable() error {
	return fmt.Errorf("%w: AAC cannot be turned into Opus by this build: it was built without an AAC decoder (tag noaac)", ErrUnsupported)
}

type decoder struct{}

func newDecoder(format) (*decoder, error) { return nil, decoderAvailable() }

func (d *decoder) decode([]byte) ([]float32, error) { return nil, decoderAvailable() }
