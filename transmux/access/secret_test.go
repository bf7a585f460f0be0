package access

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func TestSecrets(t *testing.T) {
	crypted, err := bcrypt.GenerateFromPassword([]byte("secret password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	key, digest := NewKey()
	for _, tt := range []struct {
		text, password string
		slow           bool
	}{
		{"secret password", "secret password", false},
		{"plain:sha256:x", "sha256:x", false},
		{digest, key, false},
		{Hash("secret password"), "secret password", true},
		{string(crypted), "secret password", true},
		// Made by the reference implementation: argon2 -id -t 2 -k 65536 -p 1
		{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", true},
	} {
		s, err := ParseSecret(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if !s.matches(tt.password) || s.matches(tt.password+"x") || s.matches("") || s.matches(tt.text) != (tt.text == tt.password) {
			t.Errorf("%s does not match as it should", tt.text)
		}
		if s.Slow() != tt.slow {
			t.Errorf("%s: slow %v", tt.text, s.Slow())
		}
	}
	if s := mustSecret(t, string(crypted)); s.matches("secret password" + strings.Repeat("x", 100)) {
		t.Error("bcrypt looks at the beginning only")
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for _, text := range []string{
		"", "plain:", "sha256:", "sha256:00", "sha256:" + strings.Repeat("g", 64), "$2a$99$x", "$1$abc$def", "$argon2i$v=19$m=1,t=1,p=1$a$b",
		"$argon2id$", "$argon2id$v=18$m=19456,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=19456,t=4294967295,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=19456,t=2,p=0$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA",
		strings.Repeat("x", maxCredential+1),
	} {
		if _, err := ParseSecret(text); err == nil {
			t.Errorf("%.60q is taken", text)
		} else if len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes it: %v", err)
		}
	}
}

func FuzzSecret(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("sha256:" + strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSecret(text)
		if err == nil && s.argon != nil && (s.argon.memory > maxMemory || s.argon.passes > maxPasses || len(s.argon.sum) > 64) {
			t.Errorf("%q would cost too much", text)
		}
	})
}
