package main

import (
	"strings"
	"testing"
)

func TestBenchUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"bench", "floor", "--duration", "20ms"}, 0, "sealing alone"},
		{[]string{"bench", "floor", "--packets", "0"}, 2, "a picture must be of"},
		{[]string{"bench", "fanout", "--viewers", "0"}, 2, "--viewers must be"},
		{[]string{"bench", "fanout", "--help"}, 0, "--viewers=50"},
		{[]string{"bench", "latency", "--help"}, 0, "--mark-every=1 Put"},
		{[]string{"bench", "join", "--joins", "0"}, 2, "--joins or --rate"},
		{[]string{"bench", "compare"}, 2, "--whep and --server-pid"},
		{[]string{"bench", "viewers"}, 0, ""}, // without orders there is nothing to do
	} {
		p := start(t, tc.args)
		code, log := p.exit()
		if said := p.stdout.String() + log; code != tc.code || !strings.Contains(strings.ReplaceAll(said, " ", ""), strings.ReplaceAll(tc.says, " ", "")) {
			t.Errorf("%v: exit code %d, want %d and %q in\n%s", tc.args, code, tc.code, tc.says, said)
		}
	}
}
