package sender

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pion/srtp/v2"
)

// TestSealedPacketsOpenElsewhere seals with our own GCM and opens with pion's,
// over the roll-over of the sequence number.
func TestSealedPacketsOpenElsewhere(t *testing.T) {
	key, salt := bytes.Repeat([]byte{0x42}, 16), []byte("twelve bytes")
	sealer, err := newGCM(key, salt)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	for index := uint64(0xfff0); index < 0x20010; index++ {
		packet := make([]byte, 12, 200)
		packet[0], packet[1] = 0x80, 96
		binary.BigEndian.PutUint16(packet[2:], uint16(index))
		binary.BigEndian.PutUint32(packet[8:], 0xdecafbad)
		packet = append(packet, "one picture's bytes"...)
		plain := bytes.Clone(packet)
		sealed, err := sealer.seal(packet, 12, index-0xfff0&^0xffff)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := receiver.DecryptRTP(nil, sealed, nil)
		if err != nil {
			t.Fatalf("packet %#x: %v", index, err)
		}
		if !bytes.Equal(opened, plain) {
			t.Fatalf("packet %#x opens as %q", index, opened)
		}
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	sealer, err := newGCM(make([]byte, 16), make([]byte, 12))
	if err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 1200, 1216)
	index := uint64(0)
	if n := testing.AllocsPerRun(100, func() {
		_, _ = sealer.seal(packet, 12, index)
		index++
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}
