package main

import (
	"log/slog"
	"testing"

	"millrace/cmd/millrace/config"
)

// TestEverySchemeHasItsPuller: what the configuration lets through can be fetched.
func TestEverySchemeHasItsPuller(t *testing.T) {
	all := pullers(config.Defaults(), nil, slog.New(slog.DiscardHandler))
	for _, scheme := range config.SourceSchemes {
		if all[scheme] == nil {
			t.Errorf("nothing fetches %s", scheme)
		}
	}
	if len(all) != len(config.SourceSchemes) {
		t.Errorf("%d pullers for %v", len(all), config.SourceSchemes)
	}
}
