package ertmp

import "encoding/binary"

// sized is a unit behind its length of two bytes.
func sized(b, unit []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(unit))), unit...)
}

// Units are NAL units behind lengths of four bytes.
func Units(nalus ...[]byte) (b []byte) {
	for _, n := range nalus {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	return b
}

// AVCRecord is an AVCDecoderConfigurationRecord (ISO 14496-15 section 5.3.3.1).
func AVCRecord(sps, pps []byte) []byte {
	b := sized([]byte{1, sps[1], sps[2], sps[3], 0xFF, 0xE1}, sps)
	return sized(append(b, 1), pps)
}

// HEVCRecord is an HEVCDecoderConfigurationRecord (ISO 14496-15 section 8.3.3.1)
// of a picture in the Main profile.
func HEVCRecord(vps, sps, pps []byte) []byte {
	b := []byte{
		1,
		1,             // profile space, tier, profile: Main
		0x60, 0, 0, 0, // compatibility
		0, 0, 0, 0, 0, 0, // constraints
		93,      // level 3.1
		0xF0, 0, // spatial segmentation
		0xFC,       // parallelism
		0xFD,       // 4:2:0
		0xF8, 0xF8, // eight bits
		0, 0, // frame rate
		0x0F, // one layer, nested, lengths of four bytes
		3,
	}
	for _, set := range [][]byte{vps, sps, pps} {
		b = sized(append(b, 0x80|set[0]>>1&0x3F, 0, 1), set)
	}
	return b
}

// AV1Record is an AV1CodecConfigurationRecord (AV1 in ISOBMFF section 2.3.3): Main
// profile, 4:2:0, and the sequence header OBU with its size.
func AV1Record(sequenceHeader []byte) []byte {
	return append([]byte{0x81, 4, 0x0C, 0}, sequenceHeader...)
}

// VPRecord is a VPCodecConfigurationRecord (VP codec in ISOBMFF): profile 0, eight
// bits, 4:2:0.
func VPRecord() []byte { return []byte{0, 31, 0x82, 2, 2, 2, 0, 0} }

// OpusHead is an ID header (RFC 7845 section 5.1).
func OpusHead(channels byte) []byte {
	b := append([]byte("OpusHead"), 1, channels, 0x38, 1)
	b = binary.LittleEndian.AppendUint32(b, 48000)
	return append(b, 0, 0, 0)
}
