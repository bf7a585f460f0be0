//go:build noaac

// The twin of decoder_goaac.go for builds without go-aac.

package audio

import (
	"errors"
	"fmt"
)

var errUnit = errors.New("audio: corrupt access unit")

func decoderAvailable() error {
	return fmt.Errorf("%w: this build has no AAC decoder (it was built with the tag noaac)", ErrUnsupported)
}

type decoder struct{}

func newDecoder(format) (*decoder, error) { return nil, decoderAvailable() }

func (d *decoder) decode([]byte) ([]float32, error) { return nil, decoderAvailable() }
