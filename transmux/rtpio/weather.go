package rtpio

import (
	"math"
	"time"
)

// BadWeather is the level of a line that is bad: two packets missed within two
// thirds of a second. One alone is soon forgotten, and nothing done about it now
// would help against it.
const BadWeather = 1.5

// Weather is how much a line loses. The zero value has lost nothing.
type Weather struct {
	missed float64 // fading, as of last
	last   time.Time
}

// Miss counts packets that were missed.
func (w *Weather) Miss(n int, now time.Time) {
	w.missed = w.Level(now) + float64(n)
	w.last = now
}

// Level is about how many packets were missed within the last second.
func (w *Weather) Level(now time.Time) float64 {
	return w.missed * math.Exp(-now.Sub(w.last).Seconds())
}

// Calm is how long nothing has been missed.
func (w *Weather) Calm(now time.Time) time.Duration { return now.Sub(w.last) }
