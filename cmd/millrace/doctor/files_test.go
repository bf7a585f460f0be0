package doctor

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"millrace/cmd/millrace/config"
)

func TestFDBudget(t *testing.T) {
	c := config.Defaults()
	c.Limits.Viewers, c.Limits.Publishers = 10_000, 100
	need := fdBudget(&c)
	if need < 20_200 || need > 25_000 {
		t.Errorf("%d for ten thousand viewers", need)
	}
	for allowed, warns := range map[int]bool{need - 1: true, need: false} {
		var out bytes.Buffer
		checkFiles(&c, slog.New(slog.NewTextHandler(&out, nil)), func() (uint64, bool) { return uint64(allowed), true })
		if got := strings.Contains(out.String(), "LimitNOFILE"); got != warns {
			t.Errorf("with %d of %d: %s", allowed, need, &out)
		}
	}
}
