package main

import "runtime/debug"

// buildVersion is set by the linker (see the Makefile).
var buildVersion string

// version is what this binary calls itself: what the Makefile said, else what the
// Go tool knows of its source, else "devel".
func version() string {
	if buildVersion != "" {
		return buildVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
