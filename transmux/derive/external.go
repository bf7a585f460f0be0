package derive

import (
	"fmt"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/bus"
	"millrace/transmux/derive/ffmpeg"
)

// usualFrameRate is assumed of a picture that has only begun.
const usualFrameRate = 30

// kitchen makes recipes that run ffmpeg.
type kitchen struct {
	program *ffmpeg.Program
	video   func(stream string) bool // whether pictures may be encoded anew
}

// sound turns any sound into Opus, picture any picture into H.264 without B-frames. A maker
// is a process, which takes 0.3 s of CPU to begin.
func (k kitchen) sound() recipe {
	return recipe{to: av.Opus, by: "ffmpeg", changes: 2, trouble: "left out", check: k.checkSound, open: k.openAs(ffmpeg.Opus)}
}

func (k kitchen) picture() recipe {
	return recipe{to: av.H264, by: "ffmpeg", changes: 2, trouble: "machine is too slow for it: B-frames are left out", check: k.checkPicture, open: k.openAs(ffmpeg.H264)}
}

func (k kitchen) checkSound(_ string, source *av.Track) error {
	if source.Kind != av.Audio || !ffmpeg.Reads(source.Codec) {
		return refusal(fmt.Sprintf("%s sound cannot be turned into Opus; set the encoder to AAC or Opus", name(source.Codec)))
	}
	if (source.Codec == av.AAC || source.Codec == av.FLAC) && len(source.Config) == 0 {
		return refusal("")
	}
	why := k.program.Lacks(ffmpeg.Opus)
	switch {
	case why == "":
		return nil
	case source.Codec == av.AAC: // what to set is said by the way without ffmpeg
		return refusal("with ffmpeg it could be, but " + why)
	default:
		return refusal(fmt.Sprintf("with ffmpeg %s could be turned into Opus, but %s; or set the encoder to AAC-LC in stereo", name(source.Codec), why))
	}
}

func (k kitchen) checkPicture(stream string, source *av.Track) error {
	if source.Kind != av.Video || !ffmpeg.Reads(source.Codec) {
		return refusal(fmt.Sprintf("%s cannot be turned into H.264; set the encoder to H.264", name(source.Codec)))
	}
	why := ""
	if k.video != nil && !k.video(stream) {
		why = "derive.video is off for this stream"
	} else {
		why = k.program.Lacks(ffmpeg.H264)
	}
	switch {
	case why == "":
		return nil
	case !Ordinary(source):
		return refusal(fmt.Sprintf("browsers do not decode %s; set the encoder to 8 bits and 4:2:0 (NV12); ffmpeg could turn it into that, but %s", source.Profile, why))
	case source.Codec == av.H264:
		return refusal("with ffmpeg they need not be, but " + why)
	default:
		return refusal(fmt.Sprintf("with ffmpeg %s could be turned into H.264, but %s; or set the encoder to H.264", name(source.Codec), why))
	}
}

func (k kitchen) openAs(target ffmpeg.Target) func(opening) (maker, error) {
	return func(o opening) (maker, error) {
		job := ffmpeg.Job{Stream: o.stream.Name(), Target: target, Source: o.source}
		if target == ffmpeg.H264 {
			job.From = o.stream.Edge(time.Now())
			job.FrameRate, job.Bitrate = rates(o.stream, o.source.ID)
		}
		s, err := k.program.Open(job, o.output)
		if err != nil {
			return nil, err
		}
		return external{s}, nil
	}
}

// rates are the source's frames and bits a second, measured over whole seconds if
// it is old enough, zero bits if not even that can be said.
func rates(s *bus.Stream, id av.TrackID) (frames, bits float64) {
	snapshot := s.Snapshot()
	for i := range snapshot.Tracks {
		t := &snapshot.Tracks[i]
		if t.Track.ID != id {
			continue
		}
		frames, bits = t.FrameRate, t.Bitrate
		if since := t.LastFrame.Sub(snapshot.Since).Seconds(); bits == 0 && since > 0.5 {
			bits = 8 * float64(t.Bytes) / since
		}
	}
	if frames < 1 {
		frames = usualFrameRate
	}
	return frames, bits
}

// external is the maker that is a process.
type external struct{ session *ffmpeg.Session }

func (m external) Write(f *av.Frame) error { return m.session.Write(f) }

func (m external) Trouble() uint64 { return m.session.Left() }

func (m external) Done() <-chan struct{} { return m.session.Done() }

func (m external) Err() error { return m.session.Err() }

func (m external) Close() { m.session.Close() }
