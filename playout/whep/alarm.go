package whep

import "time"

// alarm wakes a fan when something is due. Most rounds end with nothing that is, and
// then its timer is not touched: setting one takes as long as a viewer's turn.
type alarm struct {
	timer *time.Timer
	at    time.Time // zero: it is not set
}

func newAlarm() alarm {
	a := alarm{timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	return a
}

// set has it ring at due, or with the zero time not.
func (a *alarm) set(due time.Time) {
	switch {
	case due.Equal(a.at):
	case due.IsZero():
		a.stop()
	default:
		a.at = due
		a.timer.Reset(time.Until(due))
	}
}

// rang notes that it has.
func (a *alarm) rang() { a.at = time.Time{} }

func (a *alarm) stop() {
	a.at = time.Time{}
	a.timer.Stop()
}
