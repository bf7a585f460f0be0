package e2e

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// oggCRC is the table of Ogg's checksum: polynomial 0x04C11DB7, not reflected
// (RFC 3533 section 6).
func oggCRC() (table [256]uint32) {
	for i := range table {
		c := uint32(i) << 24
		for range 8 {
			if c&0x80000000 != 0 {
				c = c<<1 ^ 0x04C11DB7
			} else {
				c <<= 1
			}
		}
		table[i] = c
	}
	return table
}

// oggFile writes Opus packets of 20 ms as a file (RFC 7845), a page each.
func oggFile(t *testing.T, packets [][]byte) string {
	t.Helper()
	table := oggCRC()
	var out []byte
	pages := uint32(0)
	page := func(flags byte, granule uint64, packet []byte) {
		b := append([]byte("OggS\x00"), flags)
		b = binary.LittleEndian.AppendUint64(b, granule)
		b = binary.LittleEndian.AppendUint32(b, 1) // serial number
		b = binary.LittleEndian.AppendUint32(b, pages)
		b = binary.LittleEndian.AppendUint32(b, 0)
		pages++
		segments := len(packet)/255 + 1
		b = append(b, byte(segments))
		for range segments - 1 {
			b = append(b, 255)
		}
		b = append(append(b, byte(len(packet)%255)), packet...)
		crc := uint32(0)
		for _, x := range b {
			crc = crc<<8 ^ table[byte(crc>>24)^x]
		}
		binary.LittleEndian.PutUint32(b[22:], crc)
		out = append(out, b...)
	}
	head := append([]byte("OpusHead"), 1, 2, 0, 0) // version, channels, no pre-skip
	head = binary.LittleEndian.AppendUint32(head, 48000)
	page(2, 0, append(head, 0, 0, 0)) // gain, mapping family
	page(0, 0, append([]byte("OpusTags"), make([]byte, 8)...))
	for i, p := range packets {
		page(0, uint64(i+1)*960, p)
	}
	file := filepath.Join(t.TempDir(), "sound.ogg")
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
