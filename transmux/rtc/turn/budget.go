package turn

import "time"

// budget is a token bucket of bytes, used by one goroutine.
type budget struct {
	rate, most, left float64 // bytes a second, bytes, bytes
	at               time.Time
}

func newBudget(bits int) budget {
	rate := float64(bits) / 8
	return budget{rate: rate, most: rate * burstTime.Seconds(), left: rate * burstTime.Seconds()}
}

// spend takes n bytes if they are there.
func (b *budget) spend(n int, now time.Time) bool {
	if !b.at.IsZero() {
		b.left = min(b.most, b.left+now.Sub(b.at).Seconds()*b.rate)
	}
	b.at = now
	if b.left < float64(n) {
		return false
	}
	b.left -= float64(n)
	return true
}
