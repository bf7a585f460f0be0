package resource

import (
	"strings"
)

// Link is a Link header field (RFC 8288): a target and what it is to the session.
type Link struct {
	Target, Rel string
	// Parameters are names and values in turn.
	Parameters []string
}

// String is the field's value, every parameter quoted.
func (l Link) String() string {
	var b strings.Builder
	b.WriteString("<" + l.Target + ">; rel=" + quoted(l.Rel))
	for i := 0; i+1 < len(l.Parameters); i += 2 {
		b.WriteString("; " + l.Parameters[i] + "=" + quoted(l.Parameters[i+1]))
	}
	return b.String()
}

// quoted is a quoted-string of RFC 9110 section 5.6.4.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ICEServer is a STUN or TURN server for clients to use (RFC 9725 section 4.6).
type ICEServer struct {
	URL                  string // RFC 7064 or RFC 7065
	Username, Credential string // of a TURN server
}

func (s ICEServer) link() Link {
	l := Link{Target: s.URL, Rel: "ice-server"}
	if s.Username != "" {
		l.Parameters = []string{"username", s.Username, "credential", s.Credential, "credential-type", "password"}
	}
	return l
}
