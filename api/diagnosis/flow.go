package diagnosis

import (
	"fmt"
	"time"

	"millrace/transmux/av"
)

const (
	// silence is how long nothing may come of a track before it stands: five pictures
	// of a camera that sends two a second.
	silence = 2500 * time.Millisecond
	// stutter is a hole between two pictures that people see.
	stutter = 500 * time.Millisecond
	// unsteady is the share of the mean rate that the leanest second must have.
	unsteady = 0.6
)

// steadiness is about whether what the publisher sends comes evenly.
func (f *Facts) steadiness() Check {
	c := Check{
		ID: "steadiness", Area: Stream, Verdict: OK, Title: "The stream comes in evenly",
		Why: "What comes late or in bursts is shown so: a live picture has no buffer to hide it in.",
	}
	const remedy = "See the encoder's own figures: OBS shows dropped frames (network) and skipped frames (machine) at the bottom right. " +
		"Lower the bitrate to two thirds of the line's upload: Settings → Output → Video Bitrate; prefer a cable to Wi-Fi. " +
		"Where the machine is too slow: a faster preset, or fewer pictures a second."
	for i := range f.Snapshot.Tracks {
		t := &f.Snapshot.Tracks[i]
		if t.Track.DerivedFrom != 0 || t.Frames == 0 {
			continue
		}
		what := "picture"
		if t.Track.Kind == av.Audio {
			what = "sound"
		}
		age := f.Now.Sub(t.LastFrame)
		switch {
		case age > silence:
			c.Verdict, c.Code, c.Title, c.Remedy = Bad, "stalled", "Nothing comes in at the moment", remedy
			c.Seen = sentences(c.Seen, fmt.Sprintf("The last %s came %s ago.", what, span(age)))
			continue
		case t.Track.Kind != av.Video || t.FrameRate == 0:
			continue
		}
		c.Seen = sentences(c.Seen, fmt.Sprintf("%.0f pictures a second (%.0f in the leanest second, %.0f in the fullest), %.1f Mb/s, the longest hole %.0f ms.",
			t.FrameRate, t.FrameRateLow, t.FrameRateHigh, t.Bitrate/1e6, float64(t.LongestGap)/1e6))
		hole := t.LongestGap > stutter && t.LongestGap.Seconds()*t.FrameRate > 4
		if c.Verdict == OK && (t.FrameRateLow < unsteady*t.FrameRate || hole) {
			c.Verdict, c.Code, c.Title, c.Remedy = Warning, "unsteady", "The stream comes in unevenly", remedy
		}
	}
	if c.Seen == "" {
		c.Seen = "Sound comes; there is no picture to measure."
	}
	return c
}

// clock is about timestamps that jumped, which those who take the stream in repair.
func (f *Facts) clock() Check {
	c := Check{ID: "clock", Area: Stream, Verdict: OK, Title: "The publisher's clock runs well", Seen: "Its timestamps have not jumped."}
	switch {
	case f.ClockJumps == nil:
		c.Verdict, c.Title, c.Seen = Unknown, "The publisher's clock", "What comes from another node does not tell of jumps."
	case *f.ClockJumps > 0:
		c.Verdict, c.Code, c.Title = Warning, "clock_jumps", "The publisher's clock jumps"
		c.Seen = fmt.Sprintf("Its timestamps began anew %s and were laid onto the stream's time.", lower(times(int(*f.ClockJumps))))
		c.Why = "Each jump may be seen as a short hitch, and sound and picture may drift apart."
		c.Remedy = "ffmpeg: -re -fflags +genpts, and a -stream_loop only of a file whose tracks are equally long. OBS: restart it; remove sources whose media loops. " +
			"Camera: set its time by NTP."
	}
	return c
}

func lower(s string) string { return string(s[0]|0x20) + s[1:] }

// ring is about whether the gateway can keep what a new viewer begins with.
func (f *Facts) ring() Check {
	c := Check{ID: "gop_cache", Area: Stream, Verdict: Unknown, Title: "Room for the pictures that viewers begin with", Seen: "Not measured yet."}
	var bytes, frames, seconds float64
	for i := range f.Snapshot.Tracks {
		t := &f.Snapshot.Tracks[i]
		bytes += t.Bitrate / 8
		frames += t.FrameRate
		if t.Track.Kind == av.Video && t.Track.DerivedFrom == 0 {
			seconds = max(seconds, t.KeyframeInterval.Seconds())
		}
	}
	bytes, frames = bytes*seconds, frames*seconds
	if bytes == 0 || f.Ring.MaxBytes == 0 {
		return c
	}
	c.Verdict, c.Title = OK, "New viewers begin at once"
	c.Seen = fmt.Sprintf("From one keyframe to the next the stream has %.1f MB and %.0f frames; %d MB and %d frames are kept.",
		bytes/1e6, frames, f.Ring.MaxBytes/1_000_000, f.Ring.MaxFrames)
	if bytes > float64(f.Ring.MaxBytes) || frames > float64(f.Ring.MaxFrames) {
		c.Verdict, c.Code, c.Title = Warning, "gop_too_large", "Viewers wait for the next keyframe"
		c.Why = "The newest keyframe has been forgotten before the next one comes, so that whoever joins sees nothing until then."
		c.Remedy = obsOutput + ": set Keyframe Interval to 2 s. Or let the gateway keep more: stream.max_bytes and stream.max_frames."
	}
	return c
}
