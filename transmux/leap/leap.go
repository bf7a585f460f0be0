// Package leap tells when a publisher's RTP timestamps begin anew: a file that is
// played in a loop, a camera whose clock was set, an encoder that was started again
// in its old session.
//
// Those who read a publisher's RTP (ingest/rtsp, rtc/intake) ask it at each frame and
// count. Laying such timestamps onto the stream's time is rtpio.Clock's; here nothing
// is repaired, and nothing is known of streams.
package leap

import "time"

const (
	// maxForward is how far timestamps may run ahead of the wall clock: an encoder
	// that drops what a slow line did not take is ahead by what it dropped, and back
	// in time at once.
	maxForward = 10 * time.Second
	// maxBackward is how far they may go back: pictures come in the order of their
	// decoding, by less than a second before the one that is shown ahead of them.
	maxBackward = time.Second
)

// Track looks at one track's timestamps. The zero value is ready; it serves one
// goroutine.
type Track struct {
	begun  bool
	last   uint32        // timestamp
	media  time.Duration // of it, since the first
	anchor time.Time     // when media zero would have come with the least delay
}

// Restart says that what comes next need not fit what was: it is of another source, or
// at another rate.
func (t *Track) Restart() { t.begun = false }

// Jumped takes the next frame's timestamp, on a clock of that many hertz, and when the
// frame came, and says whether it fits neither the frames before it nor the wall
// clock. A track may stand still for however long (a line that stalls brings its
// frames late) and catch up with the wall clock (a track that was muted comes back).
func (t *Track) Jumped(timestamp uint32, rate int, arrived time.Time) bool {
	if !t.begun || rate <= 0 {
		*t = Track{begun: true, last: timestamp, anchor: arrived}
		return false
	}
	step := time.Duration(int32(timestamp-t.last)) * time.Second / time.Duration(rate)
	t.last = timestamp
	media, live := t.media+step, arrived.Sub(t.anchor)
	if media < t.media-maxBackward || media > max(t.media, live)+maxForward {
		t.media, t.anchor = 0, arrived
		return true
	}
	t.media = media
	if early := media - live; early > 0 { // it came with less delay than any before
		t.anchor = t.anchor.Add(-early)
	}
	return false
}
