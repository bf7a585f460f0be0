package config

import (
	"fmt"
	"slices"
	"strings"
)

// envPrefix begins the names of all variables that are ours.
const envPrefix = "MILLRACE_"

// EnvName is the variable of a key: http.address is MILLRACE_HTTP_ADDRESS.
func EnvName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// readEnviron applies the environment to the settings. A variable that begins
// like ours and is no setting is an error: it is a setting mistyped.
func readEnviron(environ []string, settings []setting) []error {
	var errs []error
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		i := slices.IndexFunc(settings, func(s setting) bool { return EnvName(s.path) == name })
		if i < 0 {
			errs = append(errs, unknownVariable(name, settings))
			continue
		}
		if err := settings[i].set(text); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errs
}
