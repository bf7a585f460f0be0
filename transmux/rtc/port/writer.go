package port

// Limits of one segmented send: the kernel takes 64 segments (UDP_MAX_SEGMENTS
// of older kernels) and, all told, one maximal UDP datagram.
const (
	MaxSegments = 64
	MaxRun      = 65000
)

// Writer sends through the port. It keeps scratch memory for the system call, so
// that sending allocates nothing; each goroutine that sends has its own.
type Writer struct {
	port *Port
	call sendCall

	// While the socket is held, what is sent is counted here: a counter that several
	// cores add to with each call costs them as much as a small packet's copy.
	held            bool
	sends, segments uint64
}

// Writer returns a new Writer.
func (p *Port) Writer() *Writer {
	w := &Writer{port: p}
	w.call.init(p)
	return w
}

// Hold keeps the socket open while do sends, so that no send has to ask for it. It
// calls do in any case.
func (w *Writer) Hold(do func()) {
	w.held = true
	w.call.hold(do)
	w.held = false
	w.port.stats.sends.Add(w.sends)
	w.port.stats.segments.Add(w.segments)
	w.sends, w.segments = 0, 0
}

// sent counts a system call that took so many packets.
func (w *Writer) sent(packets int) {
	if w.held {
		w.sends, w.segments = w.sends+1, w.segments+uint64(packets)
		return
	}
	w.port.stats.sends.Add(1)
	w.port.stats.segments.Add(uint64(packets))
}

// Send sends one packet. A full socket buffer drops it, as a network would.
func (w *Writer) Send(to *Path, packet []byte) error {
	return w.SendRun(to, packet, len(packet))
}

// SendRun sends packets of size bytes each, the last may be shorter, that lie
// end to end in run: at most MaxSegments of them and MaxRun bytes. It takes one
// system call where the kernel can segment, else one a packet. It never waits:
// what the socket's buffer has no room for is counted and dropped. A connection
// queues them, framed; see Path.Ready.
func (w *Writer) SendRun(to *Path, run []byte, size int) error {
	if to.stream != nil {
		return to.stream.send(run, size)
	}
	p := w.port
	if len(run) > size && p.segment.Load() {
		err := w.call.send(to, run, size)
		if err == nil {
			w.sent((len(run) + size - 1) / size)
			return nil
		}
		switch {
		case segmentTooLarge(err): // for this peer's path; others are not to pay for it
		case !refusesSegments(err):
			return w.account(err)
		case p.segment.CompareAndSwap(true, false):
			// Some devices and kernels cannot; it will not get better, so say it once.
			p.log.Warn("segmented sends refused by the kernel, sending packet by packet", "error", err)
		}
	}
	var last error
	for len(run) > 0 {
		n := min(size, len(run))
		err := w.call.send(to, run[:n], 0)
		if err != nil {
			last = w.account(err)
		} else {
			w.sent(1)
		}
		run = run[n:]
	}
	return last
}

func (w *Writer) account(err error) error {
	if wouldBlock(err) {
		w.port.stats.refused.Add(1)
		return nil
	}
	w.port.stats.sendErrors.Add(1)
	return err
}
