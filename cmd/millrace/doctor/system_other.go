//go:build !linux

package doctor

import "errors"

// What only Linux tells is not known elsewhere.

func socketBuffers(int) (in, out int, err error) { return 0, 0, errors.ErrUnsupported }

func udpSegment() bool { return false }

func udpGRO() bool { return false }

func clockState() clocks { return clocks{} }
