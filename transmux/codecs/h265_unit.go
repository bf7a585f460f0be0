package codecs

// Types of H.265 NAL units (ITU-T H.265 table 7-1).
const (
	h265RADLN       = 6  // RADL_N, the first of the leading pictures
	h265LastPicture = 9  // RASL_R: above it up to 15 is reserved
	h265FirstIRAP   = 16 // BLA_W_LP
	h265IDRFirst    = 19 // IDR_W_RADL
	h265IDRLast     = 20 // IDR_N_LP
	h265CRA         = 21 // the last IRAP there is: 22 and 23 are reserved
	h265VPS         = 32
	h265SPS         = 33
	h265PPS         = 34
	h265AUD         = 35
	h265PrefixSEI   = 39
)

// h265Type is the type of a unit of at least one byte.
func h265Type(nalu []byte) byte { return nalu[0] >> 1 & 0x3F }

// h265Layer is the nuh_layer_id of a unit of at least two bytes.
func h265Layer(nalu []byte) byte { return nalu[0]&1<<5 | nalu[1]>>3 }

// h265IRAP reports whether decoding can start at a picture of this type.
func h265IRAP(t byte) bool { return t >= h265FirstIRAP && t <= h265CRA }

// h265Base reports whether a unit is of the base layer; what has no whole header
// is nothing.
func h265Base(nalu []byte) bool { return len(nalu) >= 2 && h265Layer(nalu) == 0 }
