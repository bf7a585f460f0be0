package ingest

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"millrace/transmux/bus"
)

// ErrReserved says that a name is a source's, to everybody who would push to it.
var ErrReserved = fmt.Errorf("%w: a source in the gateway's configuration has this name", bus.ErrNameTaken)

// The ways a Source may be told to carry its media.
const (
	TransportAuto = "" // whatever works, UDP first
	TransportUDP  = "udp"
	TransportTCP  = "tcp"
)

// Hidden stands where a secret stood.
const Hidden = "xxxxx"

// Source is a stream that the gateway fetches itself, as a puller is handed it.
type Source struct {
	Name      string   // what it becomes here
	URL       *url.URL // with credentials; never logged: use Redacted. A puller that wants another one makes a copy
	Transport string   // TransportAuto, TransportUDP or TransportTCP
}

// Redacted is the source's URL as it may be shown: without its password, its
// user name (which often is a token), the values of its query and its fragment.
func (s Source) Redacted() string { return Redacted(s.URL) }

// LogValue leaves the credentials out.
func (s Source) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", s.Name), slog.String("url", s.Redacted()))
}

// String leaves the credentials out, so that no format verb gives them away.
func (s Source) String() string { return s.Name + " from " + s.Redacted() }

// GoString is String: %#v must not give the credentials away either.
func (s Source) GoString() string { return s.String() }

// Redacted is a URL as it may be shown to people and written into logs.
func Redacted(u *url.URL) string {
	if u == nil {
		return ""
	}
	show := *u
	if show.User != nil {
		show.User = url.User(Hidden)
	}
	show.Fragment, show.RawFragment = "", ""
	if show.Opaque != "" {
		show.Opaque = Hidden
	}
	if show.RawQuery != "" {
		pairs := strings.Split(show.RawQuery, "&")
		for i, pair := range pairs {
			if key, _, ok := strings.Cut(pair, "="); ok {
				pairs[i] = key + "=" + Hidden
			} else {
				pairs[i] = Hidden
			}
		}
		show.RawQuery = strings.Join(pairs, "&")
	}
	return show.String()
}
