package pull

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"millrace/ingest"
)

// redactor takes a source's secrets out of texts. Pullers and the libraries below
// them wrap errors of net/url and net/http, which print the URL that they are about.
type redactor struct {
	whole   *strings.Replacer // URLs
	secrets []string          // the longest first
}

// hidden stands where a secret stood.
const hidden = "xxxxx"

func newRedactor(u *url.URL) redactor {
	r := redactor{whole: strings.NewReplacer(u.String(), ingest.Redacted(u), u.Redacted(), ingest.Redacted(u))}
	add := func(secrets ...string) {
		for _, s := range secrets {
			for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
				if form != "" && !slices.Contains(r.secrets, form) {
					r.secrets = append(r.secrets, form)
				}
			}
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		plain := u.User.Username() + ":" + password
		add(u.User.String(), plain, u.User.Username(), password, base64.StdEncoding.EncodeToString([]byte(plain)))
	}
	add(u.RawQuery, u.Fragment)
	for key, values := range u.Query() {
		add(values...)
		if len(values) == 1 && values[0] == "" {
			add(key)
		}
	}
	slices.SortStableFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	return r
}

// text is s without the secrets. A secret counts where it stands for itself: the
// user "a" is not taken out of every word that has one.
func (r *redactor) text(s string) string {
	s = r.whole.Replace(s)
	for _, secret := range r.secrets {
		s = replaceWord(s, secret)
	}
	return s
}

// longSecret is from where on a secret is hidden within words too: nothing else is
// likely to be spelled like that.
const longSecret = 8

func replaceWord(s, word string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, word)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := i + len(word)
		if len(word) >= longSecret || !endsInWord(s[:i]) && !beginsInWord(s[end:]) {
			b.WriteString(s[:i])
			b.WriteString(hidden)
		} else {
			b.WriteString(s[:end])
		}
		s = s[end:]
	}
}

func endsInWord(s string) bool {
	c, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(c) || unicode.IsDigit(c)
}

func beginsInWord(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(c) || unicode.IsDigit(c)
}

// wrap is the error with a text that holds no secrets.
func (r *redactor) wrap(err error) error { return &redacted{r.text(err.Error()), err} }

// redacted is an error that does not let its cause out: only what it is.
type redacted struct {
	text  string
	cause error
}

// Error is the cause's text without secrets.
func (e *redacted) Error() string { return e.text }

// Is says that it is what its cause is.
func (e *redacted) Is(target error) bool { return errors.Is(e.cause, target) }
