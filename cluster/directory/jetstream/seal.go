package jetstream

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// stretch makes each try of a secret cost some ten milliseconds: who sees what is
// sealed may try at home.
const stretch = 100_000

// minSecret is as short as a secret may be, in bytes.
const minSecret = 16

// userName is the name of all nodes on their own servers.
const userName = "millrace"

// seal keeps what is said between the nodes of one secret.
type seal struct {
	aead      cipher.AEAD
	names     []byte
	user, own string // password, tag
}

func newSeal(secret string) (*seal, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("jetstream: the cluster's secret has %d bytes, and needs %d", len(secret), minSecret)
	}
	master, err := pbkdf2.Key(sha256.New, secret, []byte("millrace directory 1"), stretch, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	key := func(what string, n int) []byte {
		k, kerr := hkdf.Expand(sha256.New, master, what, n)
		err = errors.Join(err, kerr)
		return k
	}
	s := &seal{names: key("names", sha256.Size), user: hex.EncodeToString(key("password", 32)), own: hex.EncodeToString(key("tag", 4))}
	values := key("values", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	// Extended nonces are long enough to be drawn by chance for ever.
	if s.aead, err = chacha20poly1305.NewX(values); err != nil {
		return nil, fmt.Errorf("jetstream: %w", err)
	}
	return s, nil
}

// tag tells clusters apart that share a NATS.
func (s *seal) tag() string { return s.own }

func (s *seal) password() string { return s.user }

// name is a token for a name that only the cluster can tell from another.
func (s *seal) name(kind, name string) string {
	mac := hmac.New(sha256.New, s.names)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(name))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// close seals data for the subject that it goes under.
func (s *seal) close(data []byte, subject string) []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(data)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return s.aead.Seal(nonce, nonce, data, []byte(subject))
}

// open gives what was sealed for the subject, or nil.
func (s *seal) open(box []byte, subject string) []byte {
	if len(box) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil
	}
	data, err := s.aead.Open(nil, box[:chacha20poly1305.NonceSizeX], box[chacha20poly1305.NonceSizeX:], []byte(subject))
	if err != nil {
		return nil
	}
	if data == nil {
		data = []byte{}
	}
	return data
}
