// Package avtest helps the tests of all rooms, as net/http/httptest does: canned
// parameter sets and small real pictures, makers of tracks and frames, an
// encoder that runs by a clock, and a subscriber that records.
//
// It is imported by tests only. It knows av and bus and no codec: what must be
// parsed or cut is the business of the room under test.
package avtest

import "encoding/hex"

// bytesOf turns a canned hexadecimal string into fresh bytes, the caller's own.
func bytesOf(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic("avtest: " + err.Error())
	}
	return b
}
