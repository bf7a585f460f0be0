package bench

// The tool and its viewers' processes speak JSON over the child's standard input
// and output: one order, one tally, in turn. The end of input is the end.

// order says what to do.
type order struct {
	Do string `json:"do"`

	// For open.
	WHEP    string `json:"whep,omitempty"`
	Streams int    `json:"streams,omitempty"` // the viewers go round these, see nth
	Plain   bool   `json:"plain,omitempty"`
	Eager   bool   `json:"eager,omitempty"`
	Every   int    `json:"every,omitempty"`

	// For join and visit.
	Count int     `json:"count,omitempty"`
	Rate  float64 `json:"rate,omitempty"` // a second; 0 is one after the other
}

// The orders.
const (
	doOpen  = "open"  // make a room
	doJoin  = "join"  // bring so many viewers in and wait for their keyframes
	doVisit = "visit" // likewise, but each leaves once it has its keyframe
	doBegin = "begin" // count, and collect marks from here on
	doCount = "count" // count, and hand over the marks since begin
	doRest  = "rest"  // close connections that nobody needs
	doLeave = "leave" // end all viewers
)

// tally is the answer to an order.
type tally struct {
	Error string `json:"error,omitempty"`

	// Of join and visit, in milliseconds after each POST.
	Connected []float64      `json:"connected,omitempty"`
	Keyframe  []float64      `json:"keyframe,omitempty"`
	Failed    map[string]int `json:"failed,omitempty"` // by reason

	// Of begin and count.
	Counts counts `json:"counts"`

	// Of count: for each mark, milliseconds from its time to the arrival of its
	// picture's last packet at the viewer's socket, and until that was read.
	Arrived []float64 `json:"arrived,omitempty"`
	Read    []float64 `json:"read,omitempty"`
}

// counts are sums over viewers since they joined.
type counts struct {
	Viewers  int            `json:"viewers"` // that are there
	Ended    map[string]int `json:"ended,omitempty"`
	Video    uint64         `json:"video_packets"`
	Audio    uint64         `json:"audio_packets"`
	Bytes    uint64         `json:"bytes"`
	Pictures uint64         `json:"pictures"`
	Reads    uint64         `json:"reads"`
	Trouble  trouble        `json:"trouble"`
}

// trouble is everything that should be zero.
type trouble struct {
	Lost       uint64 `json:"lost"`
	Dropped    uint64 `json:"dropped_by_the_tool"`
	Duplicates uint64 `json:"duplicates"`
	Late       uint64 `json:"late"`
	Backward   uint64 `json:"backward_timestamps"`
	Broken     uint64 `json:"broken_pictures"`
	Unopened   uint64 `json:"unopened"`
	Unknown    uint64 `json:"unknown"`
}

// fold applies f to each number of c and other.
func (c counts) fold(other counts, f func(a, b uint64) uint64) counts {
	a, b := c.Trouble, other.Trouble
	return counts{
		Viewers: c.Viewers, Ended: c.Ended,
		Video: f(c.Video, other.Video), Audio: f(c.Audio, other.Audio), Bytes: f(c.Bytes, other.Bytes),
		Pictures: f(c.Pictures, other.Pictures), Reads: f(c.Reads, other.Reads),
		Trouble: trouble{
			Lost: f(a.Lost, b.Lost), Dropped: f(a.Dropped, b.Dropped), Duplicates: f(a.Duplicates, b.Duplicates),
			Late: f(a.Late, b.Late), Backward: f(a.Backward, b.Backward), Broken: f(a.Broken, b.Broken),
			Unopened: f(a.Unopened, b.Unopened), Unknown: f(a.Unknown, b.Unknown),
		},
	}
}

// since is what was counted after before.
func (c counts) since(before counts) counts {
	return c.fold(before, func(a, b uint64) uint64 { return a - b })
}

// plus adds another process's.
func (c counts) plus(other counts) counts {
	sum := c.fold(other, func(a, b uint64) uint64 { return a + b })
	sum.Viewers += other.Viewers
	sum.Ended = mergeCounts(c.Ended, other.Ended)
	return sum
}

func (c *counts) packets() uint64 { return c.Video + c.Audio }

func (t *tally) add(other tally) {
	t.Connected = append(t.Connected, other.Connected...)
	t.Keyframe = append(t.Keyframe, other.Keyframe...)
	t.Arrived = append(t.Arrived, other.Arrived...)
	t.Read = append(t.Read, other.Read...)
	t.Failed = mergeCounts(t.Failed, other.Failed)
	t.Counts = t.Counts.plus(other.Counts)
}

func mergeCounts(a, b map[string]int) map[string]int {
	if len(a)+len(b) == 0 {
		return nil
	}
	sum := map[string]int{}
	for _, m := range []map[string]int{a, b} {
		for k, n := range m {
			sum[k] += n
		}
	}
	return sum
}
