package main

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"millrace/cmd/millrace/config"
	"millrace/transmux/av"
)

func TestLogsAreForReaders(t *testing.T) {
	for format, want := range map[string]string{
		"json": `"level":"WARN","msg":"told","took":1.5,"codec":"H264","remote":"192.0.2.1:80","cause":"gone"}`,
		"text": `level=WARN msg=told took=1.5s codec=H264 remote=192.0.2.1:80 cause=gone`,
	} {
		var out strings.Builder
		c := config.Defaults()
		c.Log.Format, c.Log.Level = format, "warn"
		log := newLog(c, &out)
		log.Info("not told")
		log.Warn("told", "took", 1500*time.Millisecond, "codec", av.H264,
			"remote", netip.MustParseAddrPort("192.0.2.1:80"), "cause", errors.New("gone"))
		if got := strings.TrimSpace(out.String()); !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s\nwant …%s", format, got, want)
		}
	}
}
