package description

import (
	"errors"
	"fmt"
)

// fault is what is wrong with a session description, whatever that is.
type fault struct {
	what   string
	cannot bool // it is good, but nothing can be done with it
	empty  bool // it has no m-line
}

func invalid(format string, args ...any) *fault { return &fault{what: fmt.Sprintf(format, args...)} }

func cannot(format string, args ...any) *fault {
	return &fault{what: fmt.Sprintf(format, args...), cannot: true}
}

// in is the fault as an error of an offer or an answer.
func (f *fault) in(invalid, cannot error) error {
	switch {
	case f.empty && errors.Is(invalid, ErrOffer):
		return ErrEmpty
	case f.cannot:
		return fmt.Errorf("%w: %s", cannot, f.what)
	default:
		return fmt.Errorf("%w: %s", invalid, f.what)
	}
}
