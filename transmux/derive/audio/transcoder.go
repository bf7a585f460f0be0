// Package audio makes Opus of AAC, one access unit at a time, in the caller's
// goroutine and without waiting for anything.
//
// Its one caller is transmux/derive. It knows samples and timestamps; it must
// not know of streams, tracks or frames.
//
// Time is kept by counting samples. An Opus packet's PTS says where the first
// sample that a decoder makes of it belongs on the source's timeline, with the
// delays of the resampler and of the Opus encoder already taken off. AAC itself
// adds none: a container's timestamp is that of the 1024 samples decoded from
// the unit.
package audio

import (
	"errors"
	"fmt"
	"time"
)

const (
	// unitSamples is what an AAC-LC access unit holds, per channel.
	unitSamples = 1024
	// maxSilence is the longest hole in the source that is filled. A longer one
	// is left: packets for a time that is over would only pile up at the viewer.
	maxSilence = 100 * time.Millisecond
	// flushSilence is played before such a hole is left, so that the last sound
	// comes out of the encoder in front of it: a packet and the lookahead.
	flushSilence = 50 * time.Millisecond
	// maxOverlap is how much sound is dropped to come back to a source whose
	// timestamps went back. Beyond it this is another timeline: it is followed.
	maxOverlap = 2 * time.Second
	// hopeless is how many units in a row must use what the decoder does not
	// know before the source is given up (about a second): damage can look
	// like an unknown tool once, but not fifty times.
	hopeless = 50
)

// Packet is one Opus packet of 20 ms.
type Packet struct {
	// PTS is when the packet's first decoded sample is played, on the source's
	// timeline. At the very start of a timeline that is a few milliseconds
	// below zero: what the decoder makes first is the encoder's lookahead.
	PTS time.Duration
	// Data is the packet; it is the receiver's.
	Data []byte
}

// Stats counts what a Transcoder did.
type Stats struct {
	Units   uint64 // access units in
	Corrupt uint64 // of them, replaced by silence
	Packets uint64 // Opus packets out
	Jumps   uint64 // times the sound was moved to the source's timestamps
}

// Transcoder makes Opus of one AAC track. It is for one goroutine.
type Transcoder struct {
	format   format
	dec      *decoder
	splice   *splicer
	resample *resampler
	enc      *encoder
	delay    time.Duration // of the encoder

	clock   clock
	started bool
	behind  bool // the last unit was dropped whole: look again, with no tolerance

	base    time.Duration // when output sample 0 is played
	framed  int64         // output samples that went into packets
	pending []float32     // output samples of the next packet, interleaved
	silence []float32     // one unit of zeros, in a buffer that may be written to
	packets []Packet

	unsupported int // units in a row
	stats       Stats
}

// New returns a transcoder for AAC with this AudioSpecificConfig. Errors are those
// of Check.
func New(asc []byte) (*Transcoder, error) {
	f, err := parseFormat(asc)
	if err != nil {
		return nil, err
	}
	dec, err := newDecoder(f)
	if err != nil {
		return nil, err
	}
	enc, err := newEncoder(f.channels)
	if err != nil {
		return nil, err
	}
	return &Transcoder{
		format: f, dec: dec, enc: enc, delay: enc.lookahead(),
		splice:   newSplicer(f.channels),
		resample: newResampler(f.rate, f.channels),
		clock:    newClock(),
		silence:  make([]float32, unitSamples*f.channels),
	}, nil
}

// Channels is 1 or 2: Opus packets have the channels of the source.
func (t *Transcoder) Channels() int { return t.format.channels }

// Stats returns the counters so far.
func (t *Transcoder) Stats() Stats { return t.stats }

// Write takes the next access unit and returns the packets that are complete with
// it, none to three and a few more where a hole is filled. The slice is valid until
// the next call. A corrupt unit is no error: it is counted, and 1024 samples of
// silence take its place. An error that wraps ErrUnsupported says that this source
// will never decode; any other is the encoder's. After an error the transcoder is
// of no more use.
func (t *Transcoder) Write(pts time.Duration, unit []byte) ([]Packet, error) {
	t.packets = t.packets[:0]
	t.stats.Units++
	samples, err := t.dec.decode(unit)
	if err != nil {
		t.stats.Corrupt++
		if err := t.doubt(err); err != nil {
			return nil, err
		}
		t.splice.cut()
	} else {
		t.unsupported = 0
	}
	skip, err := t.place(pts)
	if err != nil {
		return nil, err
	}
	if samples == nil {
		// The decoder starts afresh after this unit and fades in by itself.
		samples = t.hush()
	}
	if err := t.play(samples[skip*t.format.channels:]); err != nil {
		return nil, err
	}
	return t.packets, nil
}

// doubt gives up on a source that uses what the decoder does not know in every unit
// (HE-AAC need not be announced in the configuration).
func (t *Transcoder) doubt(err error) error {
	if !errors.Is(err, ErrUnsupported) {
		t.unsupported = 0
		return nil
	}
	t.unsupported++
	if t.unsupported < hopeless {
		return nil
	}
	return fmt.Errorf("%w: this sound, HE-AAC or with more than two channels, cannot be turned into Opus by this build; set the encoder to AAC-LC in stereo", ErrUnsupported)
}

// next is when the next sample to be played lies on the source's timeline.
func (t *Transcoder) next() time.Duration {
	out := t.framed + int64(len(t.pending)/t.format.channels)
	return t.base + samplesTime(out, opusRate) + t.resample.lag()
}

// place compares the count of samples with the unit's timestamp. Where they differ
// too much it fills or leaves a hole, or returns how many of the unit's samples
// must be left out.
func (t *Transcoder) place(pts time.Duration) (skip int, err error) {
	if !t.started {
		t.started = true
		t.base += pts - t.next()
		return 0, nil
	}
	diff := pts - t.next()
	if !t.behind {
		jump := t.clock.observe(diff)
		t.resample.slew = t.clock.slew
		if !jump {
			return 0, nil
		}
		t.stats.Jumps++
		t.splice.cut()
	}
	t.behind = false
	switch {
	case diff > maxSilence:
		return 0, t.leave(diff)
	case diff > 0:
		return 0, t.fill(diff)
	case diff > -maxOverlap:
		skip = min(t.samples(-diff), unitSamples)
		t.behind = skip == unitSamples
		return skip, nil
	default:
		t.base += diff
		return 0, nil
	}
}

// fill plays silence for the time d.
func (t *Transcoder) fill(d time.Duration) error {
	for n := t.samples(d); n > 0; n -= unitSamples {
		if err := t.play(t.hush()[:min(n, unitSamples)*t.format.channels]); err != nil {
			return err
		}
	}
	t.splice.cut()
	return nil
}

// leave lets the last sound out and moves on by what is left of d. The next packet
// begins with a rest of silence, which then belongs to the end of the hole.
func (t *Transcoder) leave(d time.Duration) error {
	err := t.fill(flushSilence)
	t.base += d - flushSilence
	return err
}

// hush returns one unit of silence that may be overwritten.
func (t *Transcoder) hush() []float32 {
	clear(t.silence)
	return t.silence
}

// samples is the time d in source samples, rounded.
func (t *Transcoder) samples(d time.Duration) int {
	return int((d*time.Duration(t.format.rate) + time.Second/2) / time.Second)
}

// play sends decoded samples, which it may overwrite, through the joints and the
// resampler and makes a packet of every 960 that come out.
func (t *Transcoder) play(samples []float32) error {
	t.splice.join(samples)
	t.pending = t.resample.push(samples, t.pending)
	used := 0
	for len(t.pending)-used >= t.enc.size {
		data, err := t.enc.encode(t.pending[used : used+t.enc.size])
		if err != nil {
			return err
		}
		t.packets = append(t.packets, Packet{PTS: t.base + samplesTime(t.framed, opusRate) - t.delay, Data: data})
		t.stats.Packets++
		t.framed += packetSamples
		used += t.enc.size
	}
	t.pending = t.pending[:copy(t.pending, t.pending[used:])]
	return nil
}
