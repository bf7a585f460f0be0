package rtpio

import "time"

// transitWindow is how long a frame's transit counts. The least of the last one
// or two windows is what the path takes when nothing is in the way.
const transitWindow = 10 * time.Second

// clockTrack is one track's place on a Clock's timeline.
type clockTrack struct {
	audio    bool
	rate     int64
	nextRate int64 // of the next frame on, if timestamps begin anew with it; else 0

	started bool
	last    uint32        // newest timestamp
	ticks   int64         // of last, from the first timestamp on
	base    time.Duration // what the first timestamp is on the timeline
	now     time.Duration // arrival of the last frame, since the clock's epoch
	dts     time.Duration // of the last frame
	placed  bool          // dts is set

	// Transits: arrival since the clock's epoch less media time, the least of this
	// window and of the one before. All tracks' windows change at the same times, so
	// that what happens on the path happens to all of them alike.
	least, before time.Duration
	window        time.Duration // the number of this one
	measured      bool

	// What the newest report says, if reported: origin is the sender's wall
	// clock at the first timestamp. A report that came before the first frame
	// waits in early.
	reported   bool
	reportedAt time.Duration // as now was
	origin     time.Duration
	early      *earlyReport

	// The last distance from the leader's origin that both reported, if fitted. It
	// holds while one of them is between two reports of a clock that was set.
	fitted   bool
	fittedAt time.Duration // as now was
	fit      time.Duration
}

type earlyReport struct {
	ntp       time.Duration
	timestamp uint32
}

// start begins at the first frame's timestamp.
func (t *clockTrack) start(timestamp uint32) {
	t.started = true
	t.begin(timestamp)
	if e := t.early; e != nil {
		t.early = nil
		t.report(e.ntp, e.timestamp)
	}
}

// begin counts ticks from a timestamp on.
func (t *clockTrack) begin(timestamp uint32) {
	if t.nextRate > 0 {
		t.rate, t.nextRate = t.nextRate, 0
	}
	t.last, t.ticks = timestamp, 0
}

// media is the newest frame's media time since the first timestamp.
func (t *clockTrack) media() time.Duration { return ticksToDuration(t.ticks, t.rate) }

// advance goes on to the next frame's timestamp, over the turns of its 32 bits,
// and returns how far that was.
func (t *clockTrack) advance(timestamp uint32) time.Duration {
	ticks := int64(int32(timestamp - t.last))
	t.last = timestamp
	t.ticks += ticks
	return ticksToDuration(ticks, t.rate)
}

// arrive notes how long the newest frame was under way.
func (t *clockTrack) arrive(now time.Duration) {
	transit := now - t.media()
	window := now / transitWindow
	switch {
	case !t.measured || window > t.window+1:
		t.least, t.before = transit, transit
	case window == t.window+1:
		t.before, t.least = t.least, transit
	default:
		t.least = min(t.least, transit)
	}
	t.measured, t.window = true, max(window, t.window)
}

// transit is what the path takes when nothing is in the way, give or take the
// difference of the clocks.
func (t *clockTrack) transit() time.Duration { return min(t.least, t.before) }

// report takes a sender report and says whether the sender's clock was set since
// the last one.
func (t *clockTrack) report(ntp time.Duration, timestamp uint32) (wasSet bool) {
	if !t.started {
		t.early = &earlyReport{ntp, timestamp}
		return false
	}
	origin := ntp - ticksToDuration(t.ticks+int64(int32(timestamp-t.last)), t.rate)
	wasSet = t.reported && (origin-t.origin).Abs() > clockStep
	t.origin, t.reported, t.reportedAt = origin, true, t.now
	return wasSet
}

// reports is true while the newest report counts.
func (t *clockTrack) reports() bool { return t.reported && t.now-t.reportedAt < reportLife }

// reanchor lays timestamps that have begun anew behind the last frame, as far
// as it was from this one's arrival.
func (t *clockTrack) reanchor(now time.Duration) {
	t.base = t.dts + max(now-t.now, 0) - t.media()
	t.measured, t.reported = false, false
	t.arrive(now)
}

// place is the newest frame's time on the timeline.
func (t *clockTrack) place() (pts, dts time.Duration) {
	pts = t.base + t.media()
	dts = pts
	if t.placed {
		// A tick more than the last, where it would stand still or go back.
		dts = max(dts, t.dts+time.Second/time.Duration(t.rate))
	}
	t.dts, t.placed = dts, true
	return pts, dts
}

// ticksToDuration is how long that many ticks of a clock take.
func ticksToDuration(ticks, rate int64) time.Duration {
	// In two steps: ticks times nanoseconds overflow after 28 hours of 90 kHz.
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}
