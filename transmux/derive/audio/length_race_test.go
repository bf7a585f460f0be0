//go:build !noaac && race

package audio

import "time"

// driftTime is shorter under the race detector: it slows arithmetic down more than
// tenfold, and there is no second goroutine here to find anything about.
const driftTime = time.Minute
