package whep

import (
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
)

func TestTheNextPictureIsForetold(t *testing.T) {
	begun := time.Unix(1e9, 0)
	track := avtest.H264Track()
	at := func(dts, late time.Duration) *av.Frame {
		f := avtest.Frame(&track, av.Delta, 1, dts, 1)
		f.Arrived = begun.Add(dts + late)
		return f
	}
	const step = 33 * time.Millisecond
	var b beat
	b.note(at(0, 0))
	if !b.next.IsZero() {
		t.Error("one picture is no beat")
	}
	b.note(at(step, time.Millisecond))
	if want := begun.Add(2*step + time.Millisecond); !b.next.Equal(want) {
		t.Errorf("the next is foretold %s off", b.next.Sub(want))
	}
	b.note(at(step+rideSlowest+1, 0))
	if !b.next.IsZero() {
		t.Error("after a pause nobody knows")
	}
	b.note(at(0, 0))
	if !b.next.IsZero() {
		t.Error("nor after a jump back")
	}
}

// TestSoundWaitsForThePicture: in a crowd, and no longer than it may.
func TestSoundWaitsForThePicture(t *testing.T) {
	c := newCrowded(t, 1)
	v := c.fan.list()[0]
	c.publisher.Write(c.picture(100, 1))
	c.publisher.Write(c.sound(100))
	c.fan.serve(c.burst) // so that both have begun
	for name, tc := range map[string]struct {
		next  time.Duration // from the sound's arrival to the picture's
		after time.Duration // from the sound's arrival to the look
		crowd int64
		until time.Duration // 0: it does not wait
	}{
		"the picture comes soon":       {5 * time.Millisecond, 0, rideCrowd, 5*time.Millisecond + rideGrace},
		"it is awaited":                {5 * time.Millisecond, 6 * time.Millisecond, rideCrowd, 5*time.Millisecond + rideGrace},
		"it does not come":             {5 * time.Millisecond, 5*time.Millisecond + rideGrace, rideCrowd, 0},
		"it comes too late":            {rideWait, 0, rideCrowd, 0},
		"it should have come long ago": {-20 * time.Millisecond, 0, rideCrowd, 0},
		"there is no crowd":            {5 * time.Millisecond, 0, rideCrowd - 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sound := c.sound(200)
			sound.Arrived = time.Now()
			c.publisher.Write(sound)
			defer c.fan.serve(c.burst)
			c.room.crowd.Store(tc.crowd)
			defer c.room.crowd.Store(1)
			v.video.beat.next = sound.Arrived.Add(tc.next)
			c.burst.To(v.endpoint)
			until := v.ride(c.burst, sound.Arrived.Add(tc.after))
			switch {
			case tc.until == 0 && !until.IsZero():
				t.Errorf("it waits %s", until.Sub(sound.Arrived))
			case tc.until != 0 && !until.Equal(sound.Arrived.Add(tc.until)):
				t.Errorf("it waits %s, want %s", until.Sub(sound.Arrived), tc.until)
			}
		})
	}
}
