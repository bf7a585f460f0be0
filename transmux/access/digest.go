package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// digest stands for texts that are not to be kept.
type digest [16]byte

// name is enough of it to tell holders apart.
func (d digest) name() string { return hex.EncodeToString(d[:8]) }

// digester makes digests that mean nothing outside this process.
type digester struct{ key [32]byte }

func newDigester() (d digester) {
	_, _ = rand.Read(d.key[:]) // never fails
	return d
}

// of is the digest of texts and where they begin and end.
func (d *digester) of(texts ...string) (sum digest) {
	h := hmac.New(sha256.New, d.key[:])
	var length [8]byte
	for _, text := range texts {
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		_, _ = h.Write(length[:]) // never fails, like the next
		_, _ = h.Write([]byte(text))
	}
	copy(sum[:], h.Sum(nil))
	return sum
}
