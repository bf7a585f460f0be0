package ertmp

import (
	"sort"
	"time"
)

// Message is an audio or video message.
type Message struct {
	Video bool
	At    time.Duration
	Body  []byte
}

// Clips are all there are, by name.
func Clips() map[string][]Message {
	return map[string][]Message{"hevc": HEVCClip(), "av1": AV1Clip(), "vp9": VP9Clip(), "ladder": LadderClip()}
}

// HEVCClip is H.265 with B-frames and AAC, both by FourCC.
func HEVCClip() []Message {
	e := H265()
	all := []Message{
		{true, 0, Video(Key, SequenceStart, "hvc1", HEVCRecord(e.Sets[0], e.Sets[1], e.Sets[2])...)},
		{false, 0, Audio(SequenceStart, "mp4a", AACConfig()...)},
	}
	for _, p := range e.Pictures {
		body := Video(frameType(p.Key), CodedFrames, "hvc1", Later(int(p.Later/time.Millisecond), Units(p.NALUs...))...)
		if p.Later == 0 {
			body = Video(frameType(p.Key), CodedFramesX, "hvc1", Units(p.NALUs...)...)
		}
		all = append(all, Message{true, p.At, body})
	}
	return interleave(append(all, sound(AAC(), AACUnit, "mp4a")...))
}

// AV1Clip is AV1 with its configuration and Opus; every message says nanoseconds.
func AV1Clip() []Message {
	units, header := AV1()
	all := []Message{
		{true, 0, Video(Key, SequenceStart, "av01", AV1Record(header)...)},
		{false, 0, Audio(SequenceStart, "Opus", OpusHead(2)...)},
	}
	for i, u := range units {
		at := time.Duration(i) * picture
		all = append(all, Message{true, at, Nano(Video(frameType(i%30 == 0), CodedFrames, "av01", u...), int(at%time.Millisecond))})
	}
	return interleave(append(all, sound(Opus(), OpusPacket, "Opus")...))
}

// VP9Clip is VP9 and Opus.
func VP9Clip() []Message {
	all := []Message{
		{true, 0, Video(Key, SequenceStart, "vp09", VPRecord()...)},
		{false, 0, Audio(SequenceStart, "Opus", OpusHead(2)...)},
	}
	for i, f := range VP9() {
		all = append(all, Message{true, time.Duration(i) * picture, Video(frameType(i%30 == 0), CodedFrames, "vp09", f...)})
	}
	return interleave(append(all, sound(Opus(), OpusPacket, "Opus")...))
}

// LadderClip is two pictures of H.264 in messages of many tracks, and two sounds:
// the default one as any encoder sends it, AAC, and Opus as track 1.
func LadderClip() []Message {
	large, small := H264(false), H264(true)
	all := []Message{
		{true, 0, VideoTracks(Key, SequenceStart, ManyTracks,
			Track{0, "avc1", AVCRecord(large.Sets[0], large.Sets[1])},
			Track{1, "avc1", AVCRecord(small.Sets[0], small.Sets[1])})},
		{false, 0, []byte{0xAF, 0, AACConfig()[0], AACConfig()[1]}},
		{false, 0, AudioTracks(SequenceStart, OneTrack, Track{1, "Opus", OpusHead(2)})},
	}
	for i, p := range large.Pictures {
		all = append(all, Message{true, p.At, VideoTracks(frameType(p.Key), CodedFramesX, ManyTracksManyCodecs,
			Track{0, "avc1", Units(p.NALUs...)},
			Track{1, "avc1", Units(small.Pictures[i].NALUs...)})})
	}
	for i, u := range AAC() {
		all = append(all, Message{false, time.Duration(i) * AACUnit, append([]byte{0xAF, 1}, u...)})
	}
	for i, p := range Opus() {
		all = append(all, Message{false, time.Duration(i) * OpusPacket, AudioTracks(CodedFrames, OneTrack, Track{1, "Opus", p})})
	}
	return interleave(all)
}

func frameType(key bool) byte {
	if key {
		return Key
	}
	return Inter
}

// sound is packets of one length each as messages.
func sound(packets [][]byte, each time.Duration, fourCC string) (all []Message) {
	for i, p := range packets {
		all = append(all, Message{false, time.Duration(i) * each, Audio(CodedFrames, fourCC, p...)})
	}
	return all
}

// interleave sorts by time; headers stay in front.
func interleave(all []Message) []Message {
	sort.SliceStable(all, func(i, j int) bool { return all[i].At < all[j].At })
	return all
}

// File is the messages as an FLV file ("Video File Format Specification 10.1",
// annex E).
func File(messages []Message) []byte {
	b := []byte{'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0}
	for _, m := range messages {
		kind := byte(8)
		if m.Video {
			kind = 9
		}
		n, ms := len(m.Body), m.At.Round(time.Millisecond)/time.Millisecond
		b = append(b, kind, byte(n>>16), byte(n>>8), byte(n), byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0)
		b = append(b, m.Body...)
		n += 11
		b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return b
}
