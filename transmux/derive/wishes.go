package derive

import "time"

// wishes are what a job's viewers offer; the room's lock guards them. An offer
// that nobody makes any more stays for the linger.
type wishes map[Offer]*wish

type wish struct {
	viewers int
	timer   *time.Timer // nil until first needed
}

func (w wishes) add(o Offer) {
	if w[o] == nil {
		w[o] = &wish{}
	}
	w[o].viewers++
}

// drop takes one viewer away and says whether it was the last with that offer.
func (w wishes) drop(o Offer) bool {
	if w[o] == nil {
		return false
	}
	w[o].viewers--
	return w[o].viewers == 0
}

func (w wishes) linger(o Offer, d time.Duration, over func()) {
	if one := w[o]; one.timer != nil {
		one.timer.Reset(d)
	} else {
		one.timer = time.AfterFunc(d, over)
	}
}

// expire forgets an offer that nobody makes, and says whether it did.
func (w wishes) expire(o Offer) bool {
	if w[o] == nil || w[o].viewers > 0 {
		return false
	}
	delete(w, o)
	return true
}

// silence stops the timers.
func (w wishes) silence() {
	for _, one := range w {
		if one.timer != nil {
			one.timer.Stop()
		}
	}
}
