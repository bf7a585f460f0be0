package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// What Hash spends: OWASP's second choice, of which one takes 20 to 40 ms. More
// memory would be more for whoever tries passwords here, too.
const (
	hashMemory = 19 << 10 // KiB
	hashPasses = 2
	hashLanes  = 1
	saltBytes  = 16
	sumBytes   = 32
)

// Hash makes an argon2id hash that ParseSecret reads.
func Hash(password string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashLanes, sumBytes)
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argonPrefix, argon2.Version, hashMemory, hashPasses, hashLanes, text(salt), text(sum))
}

// NewKey makes a key of 130 random bits, and its digest that ParseSecret reads.
func NewKey() (key, digest string) {
	key = rand.Text()
	sum := sha256.Sum256([]byte(key))
	return key, shaPrefix + hex.EncodeToString(sum[:])
}
