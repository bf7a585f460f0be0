package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// ErrSecret means that a text is no secret that can be checked.
var ErrSecret = errors.New("no secret")

// Bounds of what a configured hash may cost. Somebody's wrong password costs the
// same: 256 MiB and a second are more than any guide asks for.
const (
	maxMemory     = 256 << 10 // KiB
	maxPasses     = 16
	maxLanes      = 16
	maxCost       = 14 // bcrypt's, a second
	bcryptLongest = 72 // bytes; bcrypt does not look at more
)

// Prefixes of the forms of secrets.
const (
	argonPrefix = "$argon2id$"
	shaPrefix   = "sha256:"
	plainPrefix = "plain:"
)

// Secret is a key or password as the configuration keeps it: a hash by argon2id or
// bcrypt, sha256: and the hexadecimal digest of a key that was made at random, or
// the text itself, which plain: may stand before.
type Secret struct {
	plain  string // the text itself, if it is kept
	digest [sha256.Size]byte
	argon  *argonHash
	bcrypt []byte
}

// argonHash is argon2id's, with what it was made with.
type argonHash struct {
	memory    uint32 // KiB
	passes    uint32
	lanes     uint8
	salt, sum []byte
}

// ParseSecret reads a secret. The error does not quote it.
func ParseSecret(text string) (Secret, error) {
	switch {
	case strings.HasPrefix(text, argonPrefix):
		hash, err := parseArgon(text)
		return Secret{argon: hash}, err
	case strings.HasPrefix(text, "$2"):
		cost, err := bcrypt.Cost([]byte(text))
		if err != nil || cost > maxCost {
			return Secret{}, fmt.Errorf("%w: this is no bcrypt hash, or one of a cost above %d", ErrSecret, maxCost)
		}
		return Secret{bcrypt: []byte(text)}, nil
	case strings.HasPrefix(text, shaPrefix):
		var s Secret
		sum, err := hex.DecodeString(text[len(shaPrefix):])
		if err != nil || copy(s.digest[:], sum) != len(s.digest) || len(sum) != len(s.digest) {
			return Secret{}, fmt.Errorf("%w: sha256: is followed by 64 hexadecimal digits", ErrSecret)
		}
		return s, nil
	case strings.HasPrefix(text, "$"):
		return Secret{}, fmt.Errorf("%w: this kind of hash is not known: there are argon2id and bcrypt (or write plain: before it)", ErrSecret)
	}
	text = strings.TrimPrefix(text, plainPrefix)
	if text == "" || len(text) > maxCredential {
		return Secret{}, fmt.Errorf("%w: it is empty or too long", ErrSecret)
	}
	return Secret{plain: text, digest: sha256.Sum256([]byte(text))}, nil
}

// parseArgon reads $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
func parseArgon(text string) (*argonHash, error) {
	wrong := fmt.Errorf("%w: this is no argon2id hash as millrace hash prints them", ErrSecret)
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, wrong
	}
	var h argonHash
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); n != 3 || err != nil {
		return nil, wrong
	}
	var errs [2]error
	h.salt, errs[0] = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, errs[1] = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case errors.Join(errs[:]...) != nil, len(h.salt) < 8, len(h.salt) > 64, len(h.sum) < 16, len(h.sum) > 64:
		return nil, wrong
	case h.memory < 8 || h.memory > maxMemory || h.passes < 1 || h.passes > maxPasses || h.lanes < 1 || h.lanes > maxLanes:
		return nil, fmt.Errorf("%w: an argon2id hash may take %d MiB, %d passes and %d lanes at most", ErrSecret, maxMemory>>10, maxPasses, maxLanes)
	}
	return &h, nil
}

// Short says whether the secret is plain and of fewer characters than that.
func (s *Secret) Short(than int) bool { return s.plain != "" && len(s.plain) < than }

// Slow says whether checking it costs milliseconds.
func (s *Secret) Slow() bool { return s.argon != nil || s.bcrypt != nil }

// matches says whether that is it, in a time that does not tell.
func (s *Secret) matches(password string) bool {
	switch {
	case s.argon != nil:
		h := s.argon
		sum := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.sum)))
		return subtle.ConstantTimeCompare(sum, h.sum) == 1
	case s.bcrypt != nil:
		return len(password) <= bcryptLongest && bcrypt.CompareHashAndPassword(s.bcrypt, []byte(password)) == nil
	default:
		sum := sha256.Sum256([]byte(password))
		return subtle.ConstantTimeCompare(sum[:], s.digest[:]) == 1
	}
}

// Equal says whether both are kept the same.
func (s Secret) Equal(other Secret) bool { return reflect.DeepEqual(s, other) }

// String keeps it out of texts.
func (Secret) String() string { return "[secret]" }
