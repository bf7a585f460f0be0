// Package spelling says how far apart two words are, for telling people what they may
// have meant.
//
// The configuration asks it about keys, and api/diagnosis about streams' names. It must
// not know what the words are for.
package spelling

// Distance is Levenshtein's: how many bytes to put in, take out or replace to make one
// word of the other. Where that is more than farthest it is some number that is more.
func Distance(a, b string, farthest int) int {
	if gap := len(a) - len(b); gap > farthest || gap < -farthest {
		return farthest + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least > farthest {
			return least
		}
	}
	return row[len(b)]
}
