package rtpio

import "time"

// RoundTrip is what a report block says of the way to its sender and back (RFC
// 3550 section 6.4.1): the time now, less that of the sender report it names, less
// what it was kept there, all in units of 1/65536 s. It is zero where the block
// names none, or nothing that makes sense.
func RoundTrip(lastReport, kept uint32, now time.Time) time.Duration {
	const tooLong = 10 * time.Second
	if lastReport == 0 {
		return 0
	}
	units := uint32(ntp(now)>>16) - lastReport - kept
	if d := time.Duration(units) * time.Second >> 16; d < tooLong {
		return d
	}
	return 0
}
