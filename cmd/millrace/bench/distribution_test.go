package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDistribution(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for name, tt := range map[string]struct {
		values []float64
		want   Distribution
	}{
		"none":    {nil, Distribution{}},
		"one":     {[]float64{7}, Distribution{1, 7, 7, 7, 7}},
		"two":     {[]float64{9, 1}, Distribution{2, 1, 9, 9, 9}},
		"three":   {[]float64{3, 1, 2}, Distribution{3, 2, 3, 3, 3}},
		"hundred": {hundred, Distribution{100, 50, 90, 99, 100}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, distribute(tt.values)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
