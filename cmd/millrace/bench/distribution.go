package bench

import (
	"math"
	"slices"
)

// Distribution sums up many measurements of one thing.
type Distribution struct {
	Count  int     `json:"count"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

// distribute sums up; it sorts values.
func distribute(values []float64) Distribution {
	slices.Sort(values)
	return Distribution{
		Count:  len(values),
		Median: quantile(values, .5), P90: quantile(values, .9),
		P99: quantile(values, .99), Max: quantile(values, 1),
	}
}

// quantile is the least of the sorted values that at least the share q of them do
// not exceed (nearest rank); 0 of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
