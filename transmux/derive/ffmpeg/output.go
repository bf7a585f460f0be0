package ffmpeg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/codecs"
	"millrace/transmux/derive/ffmpeg/nut"
)

// opusFrame is how long an Opus packet is.
const opusFrame = 20 * time.Millisecond

func ticks(pts time.Duration) int64 {
	seconds, rest := int64(pts/time.Second), int64(pts%time.Second)
	return seconds*tickRate + (rest*tickRate+int64(time.Second)/2)/int64(time.Second)
}

// timeOf is where on the stream's timeline a timestamp is.
func timeOf(ticks int64, rate int) time.Duration {
	r := int64(max(rate, 1))
	return time.Duration(ticks/r)*time.Second + time.Duration(ticks%r)*time.Second/time.Duration(r)
}

// reading is the state of what comes out of one process.
type reading struct {
	session *Session
	units   *nut.Reader
	sets    [][]byte  // H.264's parameter sets, as announced
	track   *av.Track // as announced, nil before
	last    time.Duration
}

// read hands on what comes out until nothing does.
func (s *Session) read(from io.Reader) error {
	r := reading{session: s, units: nut.NewReader(from), last: -1}
	for {
		unit, err := r.units.Next()
		if err != nil {
			return err
		}
		s.made.Add(1)
		pts := timeOf(unit.PTS, r.units.Track().Rate)
		if s.job.Target == Opus {
			r.sound(unit.Data, pts)
		} else if err := r.picture(unit.Data, pts); err != nil {
			return err
		}
	}
}

func (r *reading) sound(data []byte, pts time.Duration) {
	if r.track == nil {
		t := codecs.OpusTrack(2)
		r.track = &t
		r.session.output.Announce(t)
	}
	if len(data) == 0 {
		return
	}
	f := codecs.OpusFrame(data)
	f.Arrived = time.Now()
	if p, found := r.session.clock.before(pts + opusFrame); found {
		f.Arrived = p.arrived
	}
	r.emit(f, pts)
}

func (r *reading) picture(data []byte, pts time.Duration) error {
	units := splitAnnexB(data)
	if err := r.describe(units); err != nil {
		return err
	}
	if r.track == nil {
		return nil // before the first keyframe
	}
	f, err := codecs.H264Frame(r.track, units)
	if err != nil {
		return fmt.Errorf("ffmpeg: what it made: %w", err)
	}
	if f == nil {
		return nil
	}
	f.Arrived = time.Now()
	if p, found := r.session.clock.same(pts); found {
		pts, f.Arrived = p.pts, p.arrived
	}
	r.emit(f, pts)
	return nil
}

// emit hands a frame on unless time stands still: readers of a track rely on it.
func (r *reading) emit(f *av.Frame, pts time.Duration) {
	if pts <= r.last {
		return
	}
	r.last = pts
	f.PTS, f.DTS = pts, pts
	r.session.output.Write(f)
}

var errNoSets = errors.New("ffmpeg: it makes H.264 without parameter sets")

// describe announces the track when there are parameter sets, in the container's
// header or in front of a keyframe, that say something new.
func (r *reading) describe(units [][]byte) error {
	sets := parameterSets(units)
	if sets == nil && r.track == nil {
		sets = parameterSets(splitAnnexB(r.units.Track().Extra))
	}
	switch {
	case sets == nil && r.track == nil:
		return errNoSets // the first frame is a keyframe
	case sets == nil, equal(sets, r.sets):
		return nil
	}
	t, err := codecs.H264Track(sets[0], sets[1:]...)
	if err != nil {
		return fmt.Errorf("ffmpeg: what it made: %w", err)
	}
	r.sets, r.track = sets, &t
	r.session.output.Announce(t)
	return nil
}

func equal(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// parameterSets are the SPS and the PPSs among NAL units, nil if one is missing.
func parameterSets(units [][]byte) [][]byte {
	const sps, pps = 7, 8 // ITU-T H.264 table 7-1
	var sets [][]byte
	for _, u := range units {
		switch u[0] & 0x1f {
		case sps:
			sets = [][]byte{u}
		case pps:
			if sets != nil {
				sets = append(sets, u)
			}
		}
	}
	if len(sets) < 2 {
		return nil
	}
	return sets
}

// splitAnnexB are the NAL units between start codes (ITU-T H.264 annex B), none of
// them empty.
func splitAnnexB(b []byte) [][]byte {
	var units [][]byte
	start := -1 // of the unit that is open
	end := func(at int) {
		if start < 0 {
			return
		}
		if u := bytes.TrimRight(b[start:at], "\x00"); len(u) > 0 {
			units = append(units, u)
		}
	}
	for i := 0; i+2 < len(b); {
		switch {
		case b[i+2] > 1: // no start code can contain it
			i += 3
		case b[i] == 0 && b[i+1] == 0 && b[i+2] == 1:
			end(i)
			i += 3
			start = i
		default:
			i++
		}
	}
	end(len(b))
	return units
}
