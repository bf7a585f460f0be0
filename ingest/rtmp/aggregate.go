package rtmp

import "slices"

// aggregate splits an aggregate (section 7.1.6). Its messages' timestamps count
// from the first one, which has the aggregate's.
func (f *filter) aggregate(m *message) error {
	var first uint32
	for i, rest := 0, m.body; len(rest) > 0; i++ {
		const head, tail = 11, 4 // FLV tag header and back pointer
		if len(rest) < head {
			return f.sink.bad(protocolError("an aggregate ends inside a header"))
		}
		if i >= maxAggregate {
			return f.sink.bad(protocolError("an aggregate of more than %d messages", maxAggregate))
		}
		size := int(uint24(rest[1:]))
		time := uint24(rest[4:]) | uint32(rest[7])<<24
		if i == 0 {
			first = time
		}
		if len(rest)-head < size {
			return f.sink.bad(protocolError("an aggregate ends inside a message"))
		}
		part := &message{
			kind: rest[0], stream: m.stream, timestamp: m.timestamp + int64(int32(time-first)),
			body: slices.Clone(rest[head : head+size]), arrived: m.arrived,
		}
		rest = rest[min(head+size+tail, len(rest)):]
		if size == 0 || part.kind != typeAudio && part.kind != typeVideo {
			f.ignored++ // metadata has come before, alone, from every encoder seen
			continue
		}
		if err := f.sink.media(part); err != nil {
			return err
		}
	}
	return nil
}
