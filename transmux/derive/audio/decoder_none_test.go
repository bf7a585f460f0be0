//go:build noaac

package audio

import (
	"errors"
	"testing"
)

func TestWithoutDecoder(t *testing.T) {
	lc := []byte{0x12, 0x10}
	if err := Check(lc); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Check: %v", err)
	}
	if _, err := New(lc); !errors.Is(err, ErrUnsupported) {
		t.Errorf("New: %v", err)
	}
}
