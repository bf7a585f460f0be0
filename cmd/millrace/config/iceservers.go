package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"millrace/transmux/rtc/resource"
)

// iceServersKey has passwords within its text.
const iceServersKey = "webrtc.ice_servers"

// iceURL is a STUN or TURN URI (RFC 7064, RFC 7065).
var iceURL = regexp.MustCompile(`^(stuns?|turns?):(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(:[0-9]{1,5})?(\?transport=(udp|tcp))?$`)

// iceServers takes STUN servers, and TURN servers with user name and password
// behind them, after spaces.
func iceServers(into *[]resource.ICEServer) func(string) error {
	return func(text string) error {
		var list []resource.ICEServer
		for _, entry := range commaList(text) {
			words := strings.Fields(entry)
			if !iceURL.MatchString(words[0]) {
				return fmt.Errorf("%q is no ICE server: write stun:host:port, or turn:host:port with a user name and a password after it", words[0])
			}
			s := resource.ICEServer{URL: words[0]}
			switch turn := strings.HasPrefix(s.URL, "turn"); {
			case turn && len(words) == 3:
				s.Username, s.Credential = words[1], words[2]
			case turn:
				return fmt.Errorf("%s needs a user name and a password, with spaces between", s.URL)
			case len(words) > 1:
				return fmt.Errorf("%s is a STUN server, which takes no password", s.URL)
			}
			if slices.ContainsFunc([]rune(s.Username+s.Credential), func(r rune) bool { return r < ' ' || r > '~' }) {
				return fmt.Errorf("%s: user name and password travel in a header, in ASCII", s.URL)
			}
			list = append(list, s)
		}
		*into = list
		return nil
	}
}
