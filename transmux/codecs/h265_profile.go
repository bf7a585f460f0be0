package codecs

import "fmt"

// profile names profile, level and tier as encoders' settings do: "Main 4.0",
// "Main 10 5.1 High tier" (ITU-T H.265 annex A). The range extensions are named by
// what they extend: "Main 4:2:2 10".
func (s *h265SPSFields) profile() string {
	name := fmt.Sprintf("%s %d.%d", s.profileName(), s.levelIDC/30, s.levelIDC%30/3)
	if s.tier == 1 {
		name += " High tier"
	}
	return name
}

func (s *h265SPSFields) profileName() string {
	if s.profileSpace != 0 {
		return fmt.Sprintf("Profile %d.%d", s.profileSpace, s.profileIDC)
	}
	switch s.profileIDC {
	case 1:
		return "Main"
	case 2:
		return "Main 10"
	case 3:
		return "Main Still Picture"
	case 4:
		return "Main" + s.extension()
	case 5:
		return "High Throughput" + s.extension()
	case 6:
		return "Multiview Main"
	case 7:
		return "Scalable Main"
	case 8:
		return "3D Main"
	case 9, 11:
		return "Screen-Extended Main" + s.extension()
	case 10:
		return "Scalable Range Extensions"
	default:
		return fmt.Sprintf("Profile %d", s.profileIDC)
	}
}

// extension is chroma format and bit depth as profiles spell them.
func (s *h265SPSFields) extension() string {
	name := [...]string{" Monochrome", "", " 4:2:2", " 4:4:4"}[s.chroma]
	if depth := max(s.lumaDepth, s.chromaDepth); depth > 8 {
		name += fmt.Sprintf(" %d", depth)
	}
	return name
}
