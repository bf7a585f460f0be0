//go:build !noaac

package audio

import (
	"errors"
	"math"
	"testing"
	"time"
)

// Whatever bytes come as an access unit: no panic, 1024 samples or an error, and a
// good unit after them is decoded.
func FuzzDecode(f *testing.F) {
	src := readFLV(f, clip)
	for _, u := range src.units[:8] {
		f.Add(u.data, false)
	}
	f.Add([]byte{0xe0}, true)
	f.Add([]byte{0xc3, 0xa0, 0, 0, 0, 0xe0}, false)
	f.Fuzz(func(t *testing.T, data []byte, mono bool) {
		form := format{rate: 44100, channels: 2}
		if mono {
			form.channels = 1
		}
		dec, err := newDecoder(form)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time over what the first left behind
			samples, err := dec.decode(data)
			if (err == nil) != (len(samples) == unitSamples*form.channels) || err != nil && !errors.Is(err, errUnit) {
				t.Fatalf("%d samples, %v", len(samples), err)
			}
			for _, v := range samples {
				if !(v >= -1 && v <= 1) {
					t.Fatalf("a sample of %v", v)
				}
			}
			if !mono {
				if _, err := dec.decode(src.units[50].data); err != nil {
					t.Fatalf("a good unit: %v", err)
				}
			}
		}
	})
}

// Whatever units come at whatever time: every packet is one, they are few, and good
// units after that are heard again.
func FuzzWrite(f *testing.F) {
	src := readFLV(f, clip)
	f.Add(src.units[7].data, false, int64(23*time.Millisecond))
	f.Add([]byte{0xe0}, true, int64(-time.Hour))
	f.Add([]byte{}, true, int64(math.MaxInt64/2))
	f.Fuzz(func(t *testing.T, data []byte, mono bool, after int64) {
		config := src.config
		if mono {
			config = []byte{0x12, 0x08}
		}
		tr, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		// The caller's times are of a stream: within decades of zero.
		second := time.Duration(after % int64(10*365*24*time.Hour))
		for i, u := range [][]byte{data, src.units[50].data, data, data} {
			packets, err := tr.Write(time.Duration(i)*second, u)
			if err != nil {
				t.Fatalf("unit %d: %v", i, err)
			}
			for _, p := range packets {
				if len(p.Data) == 0 || len(p.Data) > maxPacket {
					t.Fatalf("a packet of %d bytes", len(p.Data))
				}
			}
			if len(packets) > 8 {
				t.Fatalf("%d packets of one unit", len(packets))
			}
		}
		if !mono {
			for i, u := range src.units[50:53] {
				before := tr.Stats().Corrupt
				if _, err := tr.Write(3*second+time.Duration(i+1)*23*time.Millisecond, u.data); err != nil {
					t.Fatal(err)
				}
				if tr.Stats().Corrupt != before {
					t.Fatal("a good unit was not decoded")
				}
			}
		}
	})
}

// A configuration is refused with one of the sentinels or it makes a transcoder.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{0x12, 0x10})
	f.Add([]byte{0x13, 0x10, 0x56, 0xe5, 0x98})
	f.Add([]byte{0x17, 0x80, 0x49, 0x9a, 0x10})
	f.Add([]byte{0xf8, 0xe6, 0x40})
	f.Fuzz(func(t *testing.T, config []byte) {
		err := Check(config)
		if err != nil {
			if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrConfig) {
				t.Fatal(err)
			}
			return
		}
		if _, err := New(config); err != nil {
			t.Fatalf("%x passed Check: %v", config, err)
		}
	})
}
