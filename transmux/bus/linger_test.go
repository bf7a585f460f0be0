package bus_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestAnotherLinger holds for publishers that go after it was set.
func TestAnotherLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, bus.Config{})
		rec := avtest.Record(t, r.join(), nil)
		r.play(time.Second)
		r.hub.SetLinger(time.Minute)
		r.pub.Close()
		time.Sleep(59 * time.Second)
		if err := rec.Err(); err != nil {
			t.Errorf("ended too early: %v", err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !errors.Is(rec.Err(), bus.ErrEnded) {
			t.Errorf("ended with %v", rec.Err())
		}
	})
}
