package problem

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestSentence(t *testing.T) {
	for words, want := range map[string]string{"no such stream": "No such stream.", "x": "X.", "": ""} {
		if got := Sentence(errors.New(words)); got != want {
			t.Errorf("%q becomes %q", words, got)
		}
	}
}

// TestWrite: a wait is told in whole seconds, never in fewer than it takes, and belongs
// to the copy alone.
func TestWrite(t *testing.T) {
	p := New(http.StatusConflict, "Ask again.")
	for wait, want := range map[time.Duration]string{0: "", time.Second: "1", 1001 * time.Millisecond: "2"} {
		w := httptest.NewRecorder()
		p.After(wait).Write(w)
		if got := w.Header().Get("Retry-After"); got != want {
			t.Errorf("after %v: %q", wait, got)
		}
		if body := w.Body.String(); w.Code != http.StatusConflict || !strings.Contains(body, `"type":"about:blank"`) || !strings.Contains(body, `"title":"Conflict"`) || !strings.Contains(body, "Ask again.") {
			t.Errorf("%d %s", w.Code, body)
		}
	}
	if p.RetryAfter != 0 {
		t.Error("the problem itself was changed")
	}
}
