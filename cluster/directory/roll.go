package directory

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"time"
)

// The clerk's list, which goes to every node with each beat: a head, and a line of
// fixed length for every node that lives, big-endian. A thousand nodes make 23
// KiB of it; as JSON it would be five times that.
const (
	rollVersion = 1
	rollHead    = 1 + 8 + 8 + 4              // version, the clerk's session, sum, number of lines
	rollLine    = 8 + 4 + 4 + 4 + 1 + 2      // session, viewers, streams, bits/s, CPU, age
	maxNodes    = 100_000                    // in a list; more is nobody's cluster
	ageUnit     = 10 * time.Millisecond      // of the age
	unknownAge  = math.MaxUint16             // nothing was ever heard of that node
	maxAge      = (unknownAge - 1) * ageUnit // ten minutes
)

var errBadRoll = errors.New("directory: the list of nodes cannot be read")

// line is a node in the list.
type line struct {
	session Session
	load    Load
	age     time.Duration // since its last beat
}

func appendRollHead(b []byte, clerk, sum Session, n int) []byte {
	b = append(b, rollVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(clerk))
	b = binary.BigEndian.AppendUint64(b, uint64(sum))
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

// appendRollLine adds a node; known is false of one that was never heard of.
func appendRollLine(b []byte, l line, known bool) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(l.session))
	b = binary.BigEndian.AppendUint32(b, clampUint32(l.load.Viewers))
	b = binary.BigEndian.AppendUint32(b, clampUint32(l.load.Streams))
	b = binary.BigEndian.AppendUint32(b, math.Float32bits(float32(l.load.Bits)))
	b = append(b, byte(math.Round(255*min(1, max(0, l.load.CPU)))))
	age := uint16(unknownAge)
	if known {
		age = uint16(min(maxAge, max(0, l.age)) / ageUnit)
	}
	return binary.BigEndian.AppendUint16(b, age)
}

// readRollHead checks a list's length; lines may be called on it then.
func readRollHead(b []byte) (clerk, sum Session, n int, err error) {
	if len(b) < rollHead || b[0] != rollVersion {
		return 0, 0, 0, errBadRoll
	}
	lines := binary.BigEndian.Uint32(b[17:])
	if lines > maxNodes || len(b) != rollHead+int(lines)*rollLine {
		return 0, 0, 0, errBadRoll
	}
	return Session(binary.BigEndian.Uint64(b[1:])), Session(binary.BigEndian.Uint64(b[9:])), int(lines), nil
}

// lines are the nodes of a list that readRollHead has seen.
func lines(b []byte) iter.Seq[line] {
	return func(yield func(line) bool) {
		for b = b[rollHead:]; len(b) >= rollLine; b = b[rollLine:] {
			l := line{session: Session(binary.BigEndian.Uint64(b))}
			if age := binary.BigEndian.Uint16(b[21:]); age != unknownAge {
				l.age = time.Duration(age) * ageUnit
				l.load = Load{
					Viewers: int(binary.BigEndian.Uint32(b[8:])),
					Streams: int(binary.BigEndian.Uint32(b[12:])),
					Bits:    finite(math.Float32frombits(binary.BigEndian.Uint32(b[16:]))),
					CPU:     float64(b[20]) / 255,
					At:      time.Unix(0, 0), // the reader puts in its own
				}
			}
			if !yield(l) {
				return
			}
		}
	}
}

func finite(f float32) float64 {
	if f >= 0 && f <= math.MaxFloat32 {
		return float64(f)
	}
	return 0
}

func clampUint32(n int) uint32 { return uint32(min(math.MaxUint32, max(0, n))) }
