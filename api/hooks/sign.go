package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Sign is the value of HeaderSignature: "sha256=" and, in hexadecimal, the HMAC-SHA256
// (RFC 2104) under the secret of the timestamp's text, a dot, and the body. The
// timestamp is in it so that a request that somebody has recorded is good for no
// longer than the receiver wants.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
