package codecs

import "fmt"

// h264Profile names profile and level of an SPS of at least four bytes as
// encoders' settings do: "High 4.0" (ITU-T H.264 annex A).
func h264Profile(sps []byte) string {
	profile, constraints, level := sps[1], sps[2], sps[3]
	return h264ProfileName(profile, constraints) + " " + h264LevelName(profile, constraints, level)
}

// h264ProfileName reads profile_idc and the constraint_set flags, of which flag
// 0 is the highest bit.
func h264ProfileName(profile, constraints byte) string {
	set := func(n int) bool { return constraints>>(7-n)&1 == 1 }
	switch profile {
	case 66:
		if set(1) {
			return "Constrained Baseline"
		}
		return "Baseline"
	case 77:
		return "Main"
	case 88:
		return "Extended"
	case 100:
		switch {
		case set(4) && set(5):
			return "Constrained High"
		case set(4):
			return "Progressive High"
		}
		return "High"
	case 110:
		if set(3) {
			return "High 10 Intra"
		}
		return "High 10"
	case 122:
		if set(3) {
			return "High 4:2:2 Intra"
		}
		return "High 4:2:2"
	case 244:
		if set(3) {
			return "High 4:4:4 Intra"
		}
		return "High 4:4:4 Predictive"
	case 44:
		return "CAVLC 4:4:4 Intra"
	case 83, 86:
		return "Scalable"
	case 118, 128:
		return "Multiview"
	default:
		return fmt.Sprintf("Profile %d", profile)
	}
}

// h264LevelName reads level_idc, ten times the level. Level 1b is 9, or in the
// oldest profiles 11 with constraint_set3 (section A.3.4.1).
func h264LevelName(profile, constraints, level byte) string {
	old := profile == 66 || profile == 77 || profile == 88
	if level == 9 || old && level == 11 && constraints>>4&1 == 1 {
		return "1b"
	}
	return fmt.Sprintf("%d.%d", level/10, level%10)
}
