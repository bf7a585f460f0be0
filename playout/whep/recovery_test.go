package whep

import (
	"slices"
	"testing"
	"time"

	"millrace/transmux/av"
	"millrace/transmux/avtest"
	"millrace/transmux/bus"
)

// TestHistoryFindsWhatWasSent: over the wrap of the numbers, through growing, and
// only for as long as it should.
func TestHistoryFindsWhatWasSent(t *testing.T) {
	hub := bus.New(bus.Config{})
	defer hub.Close()
	p, err := hub.Publish("live/x", bus.PublisherInfo{})
	if err != nil {
		t.Fatal(err)
	}
	track := p.SetTrack(avtest.H264Track())
	sub, err := hub.Subscribe(t.Context(), "live/x")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	stream := sub.Stream()

	var h history
	var all []sent
	index, now := uint64(65400), time.Unix(1000, 0)
	for i := range 400 {
		f := &av.Frame{Track: track, Arrived: now, DTS: time.Duration(i) * 2 * time.Millisecond, PTS: time.Duration(i) * 2 * time.Millisecond}
		if i == 0 {
			f.Type = av.Key
		}
		for n := range i%4 + 1 {
			f.Payloads = append(f.Payloads, av.Payload{Body: []byte{byte(i), byte(i >> 8), byte(n)}})
		}
		f.Parts = [][]byte{{1}}
		p.Write(f)
		s := sent{first: index, seq: f.Seq, at: uint32(now.UnixMilli()), timestamp: uint32(i), packets: uint16(len(f.Payloads))}
		h.add(s)
		all = append(all, s)
		index += uint64(len(f.Payloads))
		now = now.Add(2 * time.Millisecond) // a fast ramp
	}
	for i, s := range all {
		for n := range s.packets {
			got, was, at := h.find(uint16(s.first)+n, stream)
			if got == nil || at != s.first+uint64(n) || was != s || !slices.Equal(got.Body, []byte{byte(i), byte(i >> 8), byte(n)}) {
				t.Fatalf("packet %d of frame %d: %v of %+v at %d", n, i, got, was, at)
			}
			if was.last(at) != (n == s.packets-1) {
				t.Errorf("packet %d of frame %d: marker %v", n, i, was.last(at))
			}
		}
	}
	for _, number := range []uint16{uint16(index), uint16(index + 1000), 65399, 40000} {
		if got, _, _ := h.find(number, stream); got != nil {
			t.Errorf("%d was never sent", number)
		}
	}
	if n := len(h.sent); n != 512 {
		t.Errorf("a ramp of 500 frames a second has a history of %d", n)
	}
	var quiet history
	for i := range 1000 {
		quiet.add(sent{first: uint64(i), at: uint32(now.Add(time.Duration(i) * 33 * time.Millisecond).UnixMilli()), packets: 1})
	}
	if n := len(quiet.sent); n != historyFirst {
		t.Errorf("30 frames a second have a history of %d", n)
	}
}

func TestRequestsThatCrossedARepair(t *testing.T) {
	var r repairs
	now := time.Unix(1000, 0)
	const trip = 60 * time.Millisecond
	if r.crossed(7, now, trip) {
		t.Error("nothing went yet")
	}
	r.note(7, now)
	for after, want := range map[time.Duration]bool{0: true, 50 * time.Millisecond: true, 60 * time.Millisecond: false} {
		if got := r.crossed(7, now.Add(after), trip); got != want {
			t.Errorf("%v after it went: %v", after, got)
		}
	}
	if r.crossed(8, now, trip) {
		t.Error("another packet")
	}
	if r.crossed(7, now.Add(100*time.Millisecond), 5*time.Second) {
		t.Error("a round trip that cannot be keeps the viewer waiting")
	}
}

// TestKeyframesAreHeldBack for no longer than the viewer holds its pictures.
func TestKeyframesAreHeldBack(t *testing.T) {
	for name, tt := range map[string]struct{ roundTrip, patience, want time.Duration }{
		"long enough for a repair": {60 * time.Millisecond, 140 * time.Millisecond, 85 * time.Millisecond},
		"the viewer's patience":    {450 * time.Millisecond, maxPatience, maxPatience - holdSlack},
		"a viewer without any":     {60 * time.Millisecond, 0, 0},
	} {
		if got := holdFor(tt.roundTrip, tt.patience); got != tt.want {
			t.Errorf("%s: %v, not %v", name, got, tt.want)
		}
	}
}

func TestTwinsFollow(t *testing.T) {
	var r repairs
	now := time.Unix(1000, 0)
	r.twin(1, now)
	r.twin(2, now.Add(3*time.Millisecond))
	numbers, next := r.due(nil, now)
	if len(numbers) != 0 || !next.Equal(now.Add(repairSpacing)) {
		t.Errorf("at once: %v, then at %v", numbers, next)
	}
	if numbers, next = r.due(nil, next); !slices.Equal(numbers, []uint16{1}) || next.IsZero() {
		t.Errorf("%v, then at %v", numbers, next)
	}
	if numbers, next = r.due(nil, next); !slices.Equal(numbers, []uint16{2}) || !next.IsZero() {
		t.Errorf("%v, then at %v", numbers, next)
	}
	for i := range 1000 {
		r.twin(uint16(i), now)
	}
	if len(r.twins) > maxTwins {
		t.Errorf("%d wait", len(r.twins))
	}
}

func TestPatience(t *testing.T) {
	now := time.Unix(1000, 0)
	p := patience{id: 5}
	told := func() time.Duration {
		x := p.extension(now)
		if x == 0 {
			return -1
		}
		return time.Duration(x>>12&0xfff) * 10 * time.Millisecond
	}
	if got := told(); got != -1 {
		t.Errorf("on a line without loss it says %v", got)
	}
	p.miss(1, now, 60*time.Millisecond)
	if got := told(); got != -1 {
		t.Errorf("after one loss it says %v", got)
	}
	for second := range 5 { // three a second are a bad line, as long as they come
		for range 3 {
			p.miss(1, now, 60*time.Millisecond)
			now = now.Add(330 * time.Millisecond)
		}
		if got := told(); second > 0 && got != 140*time.Millisecond {
			t.Errorf("on a bad line it says %v", got)
		}
	}
	now = now.Add(calmAfter)
	for range reassured {
		if got := told(); got != 0 {
			t.Errorf("when the line is good again it says %v", got)
		}
	}
	if got := told(); got != -1 {
		t.Errorf("and goes on saying %v", got)
	}
	p.miss(100, now, time.Minute)
	if got := told(); got != maxPatience {
		t.Errorf("it asks for %v", got)
	}
	if p.id = 0; told() != -1 {
		t.Error("it says so to who does not understand")
	}
}

func TestRoundTripsAreThoseOfTheLineItself(t *testing.T) {
	var r roundTrips
	if r.least() != 0 {
		t.Error("none yet")
	}
	for _, ms := range []time.Duration{300, 60, 61, 500, 62} {
		r.take(ms * time.Millisecond)
	}
	if got := r.least(); got != 60*time.Millisecond {
		t.Errorf("%v", got)
	}
	for range 4 {
		r.take(200 * time.Millisecond)
	}
	if got := r.least(); got != 200*time.Millisecond {
		t.Errorf("a line that has become longer is %v", got)
	}
}
