package ledger

import (
	"testing"
	"time"
)

func TestTally(t *testing.T) {
	var tally Tally
	if n := tally.Numbers(); n != (Numbers{Connecting: true}) {
		t.Errorf("before anything was told: %+v", n)
	}
	now := time.Now()
	if !tally.Due(now) {
		t.Error("the first time is not due")
	}
	told := Numbers{Bytes: 7, Video: "H264"}
	tally.Tell(told, now)
	told.At = now
	if n := tally.Numbers(); n != told {
		t.Errorf("%+v, want %+v", n, told)
	}
	if tally.Due(now.Add(TallyEvery-1)) || !tally.Due(now.Add(TallyEvery)) {
		t.Error("it is due at another time")
	}
}
