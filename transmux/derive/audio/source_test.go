//go:build !noaac

package audio

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/thesyncim/gopus"
	"github.com/thesyncim/gopus/container/ogg"
)

// unit is one access unit as a container would give it.
type unit struct {
	pts  time.Duration
	data []byte
}

// source is a stretch of AAC.
type source struct {
	config []byte
	units  []unit
}

// readFLV takes the AAC out of an FLV file of the test data.
func readFLV(tb testing.TB, name string) source {
	tb.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	var s source
	for data = data[9+4:]; len(data) >= 11; {
		size := int(data[1])<<16 | int(data[2])<<8 | int(data[3])
		ms := int(data[7])<<24 | int(data[4])<<16 | int(data[5])<<8 | int(data[6])
		body := data[11 : 11+size]
		if data[0] == 8 && body[0]>>4 == 10 {
			if body[1] == 0 {
				s.config = body[2:]
			} else {
				s.units = append(s.units, unit{time.Duration(ms) * time.Millisecond, body[2:]})
			}
		}
		data = data[11+size+4:]
	}
	return s
}

// encodeAAC has ffmpeg make AAC-LC of interleaved samples. The units' timestamps are
// those of their decoded samples: ffmpeg's encoder puts 1024 samples in front.
func encodeAAC(tb testing.TB, rate, channels int, samples []float32) source {
	tb.Helper()
	in := make([]byte, 4*len(samples))
	for i, v := range samples {
		binary.LittleEndian.PutUint32(in[4*i:], math.Float32bits(v))
	}
	adts := ffmpeg(tb, in, "-f", "f32le", "-ar", fmt.Sprint(rate), "-ac", fmt.Sprint(channels), "-i", "-",
		"-c:a", "aac", "-b:a", fmt.Sprint(min(96000*channels, 5*rate*channels)), "-f", "adts", "-")
	s := source{}
	for n := 0; len(adts) >= 7; n++ {
		size := int(adts[3]&3)<<11 | int(adts[4])<<3 | int(adts[5])>>5
		if s.config == nil {
			f := format{rate: sampleRates[adts[2]>>2&15], channels: int(adts[2]&1)<<2 | int(adts[3]>>6)}
			s.config = f.config()
		}
		pts := time.Duration(n*unitSamples-unitSamples) * time.Second / time.Duration(rate)
		s.units = append(s.units, unit{pts, adts[7:size]})
		adts = adts[size:]
	}
	return s
}

// ffmpeg runs it over the input and returns what it writes.
func ffmpeg(tb testing.TB, in []byte, args ...string) []byte {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-v", "error", "-nostdin"}, args...)...)
	if in != nil {
		cmd.Args = append([]string{"ffmpeg", "-v", "error"}, args...)
	}
	cmd.Stdin = bytes.NewReader(in)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("ffmpeg: %v\n%s", err, errs.String())
	}
	return out
}

// transcode runs the units through a new transcoder.
func transcode(tb testing.TB, s source) ([]Packet, Stats) {
	tb.Helper()
	tr, err := New(s.config)
	if err != nil {
		tb.Fatal(err)
	}
	var all []Packet
	for _, u := range s.units {
		packets, err := tr.Write(u.pts, u.data)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, packets...)
	}
	return all, tr.Stats()
}

// decodeFFmpeg decodes the packets with ffmpeg, by way of an Ogg file, into one
// slice a channel. Sample 0 lies at the time start.
func decodeFFmpeg(tb testing.TB, packets []Packet, channels int) (out [][]float64, start time.Duration) {
	tb.Helper()
	const preSkip = 312 // what the writer declares and ffmpeg takes off
	var file bytes.Buffer
	w, err := ogg.NewWriter(&file, opusRate, uint8(channels))
	if err != nil {
		tb.Fatal(err)
	}
	for _, p := range packets {
		if err := w.WritePacket(p.Data, packetSamples); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	raw := ffmpeg(tb, file.Bytes(), "-i", "-", "-f", "f32le", "-ar", "48000", "-ac", fmt.Sprint(channels), "-")
	out = make([][]float64, channels)
	for i := 0; i+4 <= len(raw); i += 4 {
		c := i / 4 % channels
		out[c] = append(out[c], float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[i:]))))
	}
	return out, packets[0].PTS + samplesTime(preSkip, opusRate)
}

// decodeGopus decodes the packets in process, each at its own PTS, and calls at for
// every decoded packet's samples of the first channel.
func decodeGopus(tb testing.TB, packets []Packet, channels int, at func(pts time.Duration, samples []float64)) {
	tb.Helper()
	cfg := gopus.DefaultDecoderConfig(opusRate, channels)
	dec, err := gopus.NewDecoder(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	buf := make([]float32, cfg.MaxPacketSamples*channels)
	for _, p := range packets {
		n, err := dec.Decode(p.Data, buf)
		if err != nil {
			tb.Fatal(err)
		}
		samples := make([]float64, n)
		for i := range samples {
			samples[i] = float64(buf[i*channels])
		}
		at(p.PTS, samples)
	}
}
