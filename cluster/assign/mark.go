package assign

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// markHeader says that a node passed a request on, for which client, and
	// proves that the node belongs to the cluster.
	markHeader = "Millrace-Forwarded"
	// markAge bounds how long a mark may be used, and how far the nodes' clocks
	// may be apart.
	markAge = 30 * time.Second
)

// mark makes and checks the header.
type mark struct{ key []byte }

func newMark(secret string) (*mark, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "millrace forwarded request 1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("assign: %w", err)
	}
	return &mark{key}, nil
}

// write marks a request: from this node, for that client.
func (m *mark) write(r *http.Request, node, client string) {
	said := strings.Join([]string{node, client, strconv.FormatInt(time.Now().Unix(), 10)}, " ")
	r.Header.Set(markHeader, said+" "+m.proof(r, said))
}

// read is who passed the request on, and for which client. A mark that proves
// nothing is as good as none.
func (m *mark) read(r *http.Request) (node, client string, ok bool) {
	fields := strings.Fields(r.Header.Get(markHeader))
	if len(fields) != 4 {
		return "", "", false
	}
	at, err := strconv.ParseInt(fields[2], 10, 64)
	age := time.Since(time.Unix(at, 0))
	said := strings.Join(fields[:3], " ")
	if err != nil || age > markAge || age < -markAge || !hmac.Equal([]byte(fields[3]), []byte(m.proof(r, said))) {
		return "", "", false
	}
	return fields[0], fields[1], true
}

// proof is for one request only, and another's path is another one.
func (m *mark) proof(r *http.Request, said string) string {
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(r.Method + " " + r.URL.EscapedPath() + " " + said))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func dialer() *net.Dialer { return &net.Dialer{Timeout: dialTimeout} }
