//go:build !linux

package bench

import "context"

func floorOf(context.Context, FloorOptions, Way, float64) (float64, error) { return 0, errNoFloor }
