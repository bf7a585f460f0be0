package diagnosis

import (
	"fmt"
	"math"
	"strings"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
)

const (
	// Keyframes further apart than this make lost packets hurt for as long. Most
	// services ask for 2 s, and the automatic setting of x264 is 8.3 s at 30
	// pictures a second.
	longKeyframeInterval = 5 * time.Second
	// trackGrace is how long a publisher may take to send both sound and picture;
	// OBS sends them within half a second.
	trackGrace = 3 * time.Second
	// leastRate is how many pictures a second make it worth saying how many are left.
	leastRate = 5
)

const (
	obsOutput = "OBS: Settings → Output → Output Mode: Advanced → Streaming"
	useH264   = "OBS: Settings → Output → Video Encoder: x264 or another H.264 encoder. ffmpeg: -c:v libx264. Camera: set the stream's encoding to H.264."
)

// keyframes is about how far they are apart.
func keyframes(s *bus.Snapshot, t *bus.TrackSnapshot, now time.Time) Check {
	c := Check{
		ID: "keyframes", Area: Stream, Verdict: OK, Title: "Keyframes come often enough",
		Why: "A viewer who loses packets waits for the next one for a clean picture, and joining takes more data.",
	}
	age := now.Sub(s.Since)
	switch {
	case t.Keyframes == 0 && age <= trackGrace:
		c.Verdict, c.Title, c.Seen = Unknown, "No keyframe yet", fmt.Sprintf("%d pictures in %.0f s.", t.Frames, age.Seconds())
	case t.Keyframes == 0:
		c.Verdict, c.Code, c.Title = Bad, "no_keyframe", "No keyframe has come"
		c.Seen = fmt.Sprintf("%d pictures have come in %.0f s and none of them is a keyframe.", t.Frames, age.Seconds())
		c.Why = "Viewers see nothing until one comes."
		c.Remedy = obsOutput + ": set Keyframe Interval to 1 s or 2 s, then start the stream again. ffmpeg: -g 60. Camera: I-frame interval 2 s"
	// Who makes keyframes on demand may leave them far apart.
	case t.KeyframeInterval > longKeyframeInterval && !s.Publisher.Refreshes:
		c.Verdict, c.Code, c.Title = Warning, "long_keyframe_interval", "Keyframes are far apart"
		c.Seen = fmt.Sprintf("Keyframes come every %.1f s.", t.KeyframeInterval.Seconds())
		if t.Keyframes == 1 {
			c.Seen = fmt.Sprintf("The only keyframe so far came %.0f s ago.", t.KeyframeInterval.Seconds())
		}
		c.Why = "A viewer who loses packets waits that long for a clean picture, and joining takes more data."
		c.Remedy = obsOutput + ": set Keyframe Interval to 1 s or 2 s in place of 0 s (auto). " +
			"ffmpeg: -g 60 (2 s at 30 pictures a second). Camera: I-frame interval (GOP) of 2 s"
	case s.Publisher.Refreshes:
		c.Seen = "The publisher makes one whenever a viewer needs it."
	case t.Keyframes == 1:
		c.Seen = fmt.Sprintf("One so far, %.1f s ago.", t.KeyframeInterval.Seconds())
	default:
		c.Seen = fmt.Sprintf("Every %.1f s.", t.KeyframeInterval.Seconds())
	}
	return c
}

// bFrames is about pictures that browsers are not given.
func bFrames(t *bus.TrackSnapshot, j Judgement) Check {
	c := Check{ID: "b_frames", Area: Stream, Verdict: OK, Title: "No B-frames", Seen: "None among the last pictures."}
	if t.Bidirectional == 0 || j.Way == "no" {
		return c
	}
	share := fmt.Sprintf("%.0f %% of the pictures are B-frames", 100*t.BShare)
	c.Why = "The encoder makes B-frames, which browsers cannot play in a live stream."
	if j.Way == "derive" {
		c.Title, c.Seen = "B-frames are taken out", share+"; "+j.Why+", while somebody watches."
		return c
	}
	lost := fmt.Sprintf("%d of %d pictures so far are left out.", t.Bidirectional, t.Frames)
	gain := ""
	if all := math.Round(t.FrameRate); all >= leastRate && t.BShare > 0 {
		out := math.Round(all * t.BShare)
		lost = fmt.Sprintf("%.0f of %.0f pictures a second are left out, playing at %.0f.", out, all, all-out)
		gain = fmt.Sprintf(": %.0f instead of %.0f pictures a second", all, all-out)
	}
	if j.Why != "" {
		lost += " " + j.Why + "."
	}
	c.Verdict, c.Code, c.Title, c.Seen = Warning, "b_frames", "Pictures are missing: B-frames", lost
	c.Remedy = obsOutput + ". With x264 set Tune to zerolatency, " +
		"or write bframes=0 into the x264 options; with NVENC set Max B-frames to 0. ffmpeg: -bf 0. Camera: Baseline profile. " +
		"Or install ffmpeg where the gateway runs, which makes a picture without them" + gain + "."
	return c
}

// videoCodec is about who can be given the picture.
func videoCodec(t *bus.TrackSnapshot, j Judgement) Check {
	what := strings.TrimSpace(spelled(t.Track.Codec) + " " + t.Track.Profile)
	c := Check{ID: "video_codec", Area: Stream, Verdict: OK, Title: "Browsers can play the picture"}
	switch j.Way {
	case "no":
		c.Verdict, c.Code, c.Title = Bad, "video_unplayable", "The picture cannot be played"
		c.Why = "Viewers in browsers see no picture: " + j.Why
		c.Remedy = useH264 + " Or install ffmpeg where the gateway runs: it is found on the PATH."
	case "derive":
		c.Title, c.Why = "The picture is turned into what browsers play", j.Why+"."
	}
	c.Seen = sentences(size(t, what), players(j))
	return c
}

func size(t *bus.TrackSnapshot, what string) string {
	if t.Track.Width == 0 {
		return what + "."
	}
	return fmt.Sprintf("%s, %d×%d, %.0f pictures a second.", what, t.Track.Width, t.Track.Height, t.FrameRate)
}

// players tells how each kind is given a track, if there is anything to tell.
func players(j Judgement) string {
	var each []string
	for _, p := range j.Players {
		how := map[string]string{"pass": "as it is", "derive": "turned", "no": "not at all"}[p.How]
		if p.How == "pass" && strings.HasPrefix(p.Why, "in players") {
			how = p.Why
		}
		each = append(each, p.What+": "+how)
	}
	if len(each) == 0 {
		return ""
	}
	return "For " + strings.Join(each, "; for ") + "."
}

// spelled is the codec as encoders' settings spell it.
func spelled(c av.Codec) string {
	switch c {
	case av.H264:
		return "H.264"
	case av.H265:
		return "H.265"
	default:
		return c.String()
	}
}

func noVideo(after time.Duration) Check {
	return Check{
		ID: "video_codec", Code: "no_video", Area: Stream, Verdict: Warning, Title: "There is no picture",
		Seen:   fmt.Sprintf("The publisher has been there for %.0f s and has sent no picture that can be played.", after.Seconds()),
		Remedy: "If it should have a picture: " + useH264 + " ffmpeg: -map 0:v",
	}
}
