package hooks

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"millrace/transmux/journal"
)

// Missed is the kind of the message that is no event: it says how many events this
// hook was not told, because the node keeps no more than the newest.
const Missed journal.Kind = "missed"

// Message is what a receiver is told, as JSON: an event, or how many were missed.
type Message struct {
	journal.Event
	Missed uint64 `json:"missed,omitempty"` // at most so many that it wants; of Missed only
}

// missedBefore is the message about events that are gone, of which that is the next.
// Its id tells it from others, and is the same whenever it is told.
func missedBefore(next journal.Event, n uint64) Message {
	return Message{
		Event:  journal.Event{ID: next.ID + "-missed", Seq: next.Seq - 1, At: next.At, Node: next.Node, Kind: Missed},
		Missed: n,
	}
}

// body is the message as it goes over the wire.
func (m *Message) body() []byte {
	body, err := json.Marshal(m)
	if err != nil {
		panic(err) // it is of texts and numbers
	}
	return body
}

// maxVariable bounds a value in a command's environment, in bytes: what peers call
// themselves may be long.
const maxVariable = 1024

// environ is the message for commands that read no JSON.
func (m *Message) environ() []string {
	var list []string
	add := func(name, value string) { list = append(list, "MILLRACE_EVENT_"+name+"="+plain(value)) }
	add("ID", m.ID)
	add("SEQ", strconv.FormatUint(m.Seq, 10))
	add("AT", m.At.Format(time.RFC3339Nano))
	add("NODE", m.Node)
	add("KIND", string(m.Kind))
	add("STREAM", m.Stream)
	add("SESSION", m.Session)
	add("PROTOCOL", m.Protocol)
	add("REMOTE", m.Remote)
	add("AGENT", m.Agent)
	add("CAUSE", m.Cause)
	add("DETAIL", m.Detail)
	if m.Missed > 0 {
		add("MISSED", strconv.FormatUint(m.Missed, 10))
	}
	return list
}

// plain is a text that peers may have chosen, as a script can print it: one line,
// without what steers terminals, and not endless.
func plain(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, " "))
	if len(text) > maxVariable {
		text = strings.ToValidUTF8(text[:maxVariable], "")
	}
	return text
}
