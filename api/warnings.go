package api

import (
	"time"

	"millrace/api/diagnosis"
	"millrace/transmux/av"
	"millrace/transmux/bus"
)

// Warning is something about a stream that its viewers suffer from, in words for
// the person who streams: what it is, what it costs, and what to set.
type Warning struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy"`
}

// warningCodes are all there are.
var warningCodes = []string{
	"b_frames", "long_keyframe_interval", "no_keyframe", "no_video", "no_audio", "audio_unplayable", "video_unplayable", "publisher_gone",
}

// Warnings says what is wrong with a stream at this moment: those checks of its
// diagnosis that found trouble in what the publisher sends. It is never nil.
func Warnings(s *bus.Snapshot, judge Judge, now time.Time) []Warning {
	list := []Warning{}
	for _, c := range diagnosis.OfStream(s, judge.Diagnosis(), now) {
		if c.Code == "" {
			continue
		}
		detail := c.Seen
		if c.Why != "" {
			detail += " " + c.Why
		}
		list = append(list, Warning{Code: c.Code, Title: c.Title, Detail: detail, Remedy: c.Remedy})
	}
	return list
}

// Diagnosis is the judge in the words of the diagnosis.
func (judge Judge) Diagnosis() diagnosis.Judge {
	return func(stream string, t *av.Track) diagnosis.Judgement {
		v := judge(stream, t)
		told := diagnosis.Judgement{Way: v.Way, Why: v.Why}
		for _, p := range v.Players {
			told.Players = append(told.Players, diagnosis.Player{What: p.What, How: p.How, Why: p.Why})
		}
		return told
	}
}
