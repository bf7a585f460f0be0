package rtpio

import (
	"time"

	"millrace/transmux/av"
)

const (
	// maxSkew bounds what sender reports may say audio and video differ by from
	// what their arrival says. Encoders differ by tenths of a second; what says
	// more is wrong.
	maxSkew = 5 * time.Second
	// maxStep is how far a track's timestamps may run ahead of the wall clock or
	// fall behind it between two frames. Beyond it they have begun anew.
	maxStep = 5 * time.Second
	// clockStep is how far a sender's wall clock may move against its RTP clocks
	// from one report to the next. Beyond it the clock was set.
	clockStep = 50 * time.Millisecond
	// reportLife is how long a report counts. They come every second or five (RFC
	// 3550 section 6.2); where they have ended, clocks that drift would go on apart.
	reportLife = time.Minute
	// A track that has to move does so by a share of the time that passes: one that
	// sender reports have placed by an eighth (100 ms in a second, which nobody
	// sees), one that is far off by a half, one that only its arrival places by a
	// 64th, since that is never exact, and not for differences that mean nothing.
	reportedShare = 8
	farShare      = 2
	arrivedShare  = 64
	far           = 250 * time.Millisecond
	slack         = 10 * time.Millisecond
)

// Clock turns the RTP timestamps of one publisher's tracks into times on one
// timeline, which begins near zero. Its tracks are aligned by their sender
// reports once two have them (RFC 3550 section 6.4.1), before and without by
// when their frames arrive. Audio keeps its own time, sample by sample; video
// moves until it fits, without ever running backwards.
//
// The timeline runs as fast as the publisher's audio does; how it lies against
// our own clock is the bus's to follow. The zero value is ready; it serves one
// goroutine.
type Clock struct {
	tracks []*clockTrack
	epoch  time.Time // arrival of the first frame
	begun  bool
	ntp    uint64 // of the first report; all others are taken from there
	hasNTP bool
	leader *clockTrack // the track that all others follow
}

// Add adds a track and returns its number.
func (c *Clock) Add(kind av.Kind, clockRate int) int {
	c.tracks = append(c.tracks, &clockTrack{audio: kind == av.Audio, rate: int64(max(clockRate, 1))})
	return len(c.tracks) - 1
}

// Restart says that a track's timestamps begin anew, perhaps at another rate: its
// sender goes on under another SSRC, or with another codec. Its place on the
// timeline stays.
func (c *Clock) Restart(track, clockRate int) {
	t := c.tracks[track]
	t.nextRate = int64(max(clockRate, 1))
}

// At places a frame of a track by its RTP timestamp; arrived is when it came.
// Frames are given in the order of decoding: dts grows from each to the next, while
// pts may go back where pictures are shown in another order.
func (c *Clock) At(track int, timestamp uint32, arrived time.Time) (pts, dts time.Duration) {
	t := c.tracks[track]
	if !c.begun {
		c.begun, c.epoch = true, arrived
	}
	now := arrived.Sub(c.epoch)
	switch {
	case !t.started:
		t.start(timestamp)
		t.arrive(now)
		c.enter(t, now)
	case t.nextRate > 0:
		t.begin(timestamp)
		c.reanchor(t, now)
	default:
		passed := t.advance(timestamp)
		if (passed - (now - t.now)).Abs() > maxStep {
			c.reanchor(t, now)
			break
		}
		t.arrive(now)
		c.correct(t, passed)
	}
	t.now = now
	return t.place()
}

// Report takes a sender report: what the track sampled at RTP timestamp was at
// ntp, the sender's wall clock in NTP's format.
func (c *Clock) Report(track int, ntp uint64, timestamp uint32) {
	if ntp == 0 { // the sender has no wall clock (RFC 3550 section 6.4.1)
		return
	}
	if !c.hasNTP {
		c.ntp, c.hasNTP = ntp, true
	}
	t := c.tracks[track]
	if t.report(ntpToDuration(ntp-c.ntp), timestamp) {
		// The sender's clock was set: what the others reported is of another time.
		for _, other := range c.tracks {
			if other != t {
				other.reported = false
			}
		}
	}
}

// ntpToDuration is a difference of NTP timestamps, in 2^-32 s.
func ntpToDuration(d uint64) time.Duration {
	seconds, fraction := int64(d)>>32, int64(d&0xFFFFFFFF)
	return time.Duration(seconds)*time.Second + time.Duration(fraction*int64(time.Second)>>32)
}

// enter gives a track that begins its place, and makes it the leader if it is
// the first, or the first of audio.
func (c *Clock) enter(t *clockTrack, now time.Duration) {
	if c.leader == nil {
		t.base = now - t.media()
	} else {
		t.base, _ = c.target(t)
	}
	if c.leader == nil || t.audio && !c.leader.audio {
		c.leader = t
		for _, other := range c.tracks {
			other.fitted = false
		}
	}
}

// reanchor keeps a track's place on the timeline while its timestamps begin
// anew; what reports said of it and, if it leads, of the others is over.
func (c *Clock) reanchor(t *clockTrack, now time.Duration) {
	t.reanchor(now)
	for _, other := range c.tracks {
		other.fitted = other.fitted && other != t && c.leader != t
	}
}

// target is where a track's beginning belongs on the timeline, going by the
// leader's; exact says that sender reports tell.
func (c *Clock) target(t *clockTrack) (base time.Duration, exact bool) {
	l := c.leader
	if t.reports() && l.reports() {
		t.fit, t.fitted, t.fittedAt = t.origin-l.origin, true, t.now
	}
	difference := t.transit() - l.transit()
	if t.fitted && t.now-t.fittedAt < reportLife && (t.fit-difference).Abs() <= maxSkew {
		difference, exact = t.fit, true
	}
	return l.base + difference, exact
}

// correct moves a track that follows towards its place, by a share of the media
// time that has passed since its last frame.
func (c *Clock) correct(t *clockTrack, passed time.Duration) {
	if t == c.leader || passed <= 0 {
		return
	}
	base, exact := c.target(t)
	off := base - t.base
	share := time.Duration(arrivedShare)
	switch {
	case off.Abs() > far:
		share = farShare
	case exact:
		share = reportedShare
	case off.Abs() < slack:
		return
	}
	most := passed / share
	t.base += min(max(off, -most), most)
}
