package diagnosis

import (
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// OfStream are the checks of what a publisher sends. Those with a Code are what its
// viewers suffer from at this moment: the API's warnings.
func OfStream(s *bus.Snapshot, judge Judge, now time.Time) []Check {
	if !s.Live {
		return []Check{publisherGone(s, now)}
	}
	var checks []Check
	seen, heard := false, false
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if t.Track.DerivedFrom != 0 || t.Frames == 0 {
			continue // of our own making, or only announced
		}
		j := judge(s.Name, t.Track)
		var of []Check
		switch t.Track.Kind {
		case av.Video:
			seen = true
			of = []Check{bFrames(t, j), videoCodec(t, j), keyframes(s, t, now)}
		case av.Audio:
			heard = true
			of = []Check{audioCodec(t, j)}
		}
		if r := t.Track.Rendition; r != "" {
			for i := range of {
				of[i].Seen = "Of the quality " + r + ": " + of[i].Seen
			}
		}
		checks = append(checks, of...)
	}
	since := now.Sub(s.Since)
	if late := since > trackGrace; late && !seen {
		checks = append(checks, noVideo(since))
	}
	if late := since > trackGrace; late && !heard {
		checks = append(checks, noAudio(since))
	}
	return checks
}

func publisherGone(s *bus.Snapshot, now time.Time) Check {
	seen := "The publisher has left."
	if last := lastFrame(s); !last.IsZero() {
		seen = fmt.Sprintf("The publisher has sent nothing for %.0f s.", now.Sub(last).Seconds())
	}
	return Check{
		ID: "publisher", Code: "publisher_gone", Area: Publisher, Verdict: Bad, Title: "The publisher has gone", Seen: seen,
		Why:    "Viewers stay connected for some seconds and go on by themselves if it comes back.",
		Remedy: "Start the stream again in the encoder, with the same server and key.",
	}
}

// lastFrame is when anything of the publisher's own came last.
func lastFrame(s *bus.Snapshot) (last time.Time) {
	for i := range s.Tracks {
		if t := &s.Tracks[i]; t.Track.DerivedFrom == 0 && t.LastFrame.After(last) {
			last = t.LastFrame
		}
	}
	return last
}
