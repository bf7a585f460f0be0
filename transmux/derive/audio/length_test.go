//go:build !noaac && !race

package audio

import "time"

// driftTime is how long a stream TestNoDrift makes.
const driftTime = 10 * time.Minute
