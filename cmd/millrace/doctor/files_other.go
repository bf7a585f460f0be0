//go:build !linux && !darwin

package doctor

// fdLimit is not known here.
func fdLimit() (soft uint64, ok bool) { return 0, false }
