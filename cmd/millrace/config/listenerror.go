package config

import (
	"errors"
	"fmt"
	"syscall"
)

// ListenError is an error of listening at a setting's address, with what to change; nil
// for none.
func ListenError(key, address string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: something else listens on %s already; stop it, or set %s (%s) to another port", key, address, key, EnvName(key))
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: not allowed to listen on %s: ports below 1024 need root or CAP_NET_BIND_SERVICE; or set %s (%s) to a higher one", key, address, key, EnvName(key))
	default:
		return fmt.Errorf("%s: %w", key, err)
	}
}
