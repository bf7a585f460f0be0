package receiver

import "testing"

func TestSequence(t *testing.T) {
	for name, tt := range map[string]struct {
		numbers                []uint16
		lost, duplicates, late uint64
	}{
		"in order":            {[]uint16{5, 6, 7, 8}, 0, 0, 0},
		"over the end":        {[]uint16{65534, 65535, 0, 1}, 0, 0, 0},
		"one is missing":      {[]uint16{5, 6, 8, 9}, 1, 0, 0},
		"it comes late":       {[]uint16{5, 6, 8, 7, 9}, 0, 0, 1},
		"it comes twice":      {[]uint16{5, 6, 6, 5, 7}, 0, 2, 0},
		"late, and twice":     {[]uint16{5, 8, 6, 6, 9}, 1, 1, 1},
		"before the first":    {[]uint16{5, 4, 6}, 0, 0, 1},
		"older than we know":  {[]uint16{1, 2, 2000, 3}, 1997, 0, 1},
		"late across the end": {[]uint16{65535, 1, 0, 2}, 0, 0, 1},
		"nothing":             {nil, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var s sequence
			for _, n := range tt.numbers {
				s.push(n)
			}
			if s.lost() != tt.lost || s.duplicates != tt.duplicates || s.late != tt.late {
				t.Errorf("lost %d, duplicates %d, late %d", s.lost(), s.duplicates, s.late)
			}
		})
	}
}

func TestSequenceTellsGaps(t *testing.T) {
	var s sequence
	for i, step := range []struct {
		number uint16
		ahead  int
	}{{65530, 1}, {65531, 1}, {65535, 4}, {65533, -2}, {0, 1}, {0, 0}, {1, 1}} {
		if got := s.push(step.number); got != step.ahead {
			t.Errorf("step %d: %d is ahead by %d, want %d", i, step.number, got, step.ahead)
		}
	}
}
