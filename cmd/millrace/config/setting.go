package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting is one key of the configuration and how its text gets to its place.
type setting struct {
	path string
	// set takes the value's text. A list comes joined by commas.
	set func(text string) error
}

// commaList splits at commas.
func commaList(text string) (fields []string) {
	for field := range strings.SplitSeq(text, ",") {
		if field = strings.TrimSpace(field); field != "" {
			fields = append(fields, field)
		}
	}
	return fields
}

// address takes what net.Listen takes, or nothing, which turns a listener off.
func address(into *string) func(string) error {
	return func(text string) error {
		if text != "" {
			host, port, err := net.SplitHostPort(text)
			if err != nil {
				return fmt.Errorf(`%q is no address: write "host:port", ":port", or "" for off`, text)
			}
			if _, err := strconv.ParseUint(port, 10, 16); err != nil {
				return fmt.Errorf("%q is no port: it is a number from 0 (pick a free one) to 65535", port)
			}
			if strings.ContainsAny(host, " /@") {
				return fmt.Errorf("%q is no host", host)
			}
		}
		*into = text
		return nil
	}
}

// hosts takes IP addresses and host names, none of them meaning that they are to
// be found.
func hosts(into *[]string) func(string) error {
	return func(text string) error {
		var list []string
		for _, field := range commaList(text) {
			ip, err := netip.ParseAddr(field)
			switch {
			case err == nil && (ip.IsUnspecified() || ip.Zone() != ""):
				return fmt.Errorf("%q is no IP address that viewers could send to", field)
			case err == nil:
				field = ip.Unmap().String()
			case !hostName.MatchString(field) || len(field) > 253: // RFC 1035 section 2.3.4
				return fmt.Errorf("%q is neither an IP address nor a host name", field)
			}
			list = append(list, field)
		}
		*into = list
		return nil
	}
}

// hostName is RFC 1123 section 2.1's; a last label that begins with a digit is an
// address mistyped.
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$`)

// boolean takes true or false.
func boolean(into *bool) func(string) error {
	return func(text string) error {
		switch text {
		case "true", "false":
			*into = text == "true"
			return nil
		default:
			return fmt.Errorf("%q is neither true nor false", text)
		}
	}
}

// size takes bytes, or KiB, MiB and GiB.
func size(into *int, least, most int) func(string) error {
	units := []struct {
		name  string
		bytes int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}
	return func(text string) error {
		number, unit := text, 1
		for _, u := range units {
			if rest, ok := strings.CutSuffix(text, u.name); ok {
				number, unit = strings.TrimSpace(rest), u.bytes
			}
		}
		n, err := strconv.Atoi(number)
		if err != nil {
			return fmt.Errorf("%q is no size: write bytes, or a number with KiB, MiB or GiB", text)
		}
		if n < 0 || n > most/unit || n*unit < least {
			return fmt.Errorf("%s is out of range: from %d to %d bytes", text, least, most)
		}
		*into = n * unit
		return nil
	}
}

// count takes a whole number.
func count(into *int, least, most int) func(string) error {
	return func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		if n < least || n > most {
			return fmt.Errorf("%d is out of range: from %d to %d", n, least, most)
		}
		*into = n
		return nil
	}
}

// duration takes what Go calls a duration: 500ms, 15s, 2m.
func duration(into *time.Duration, least, most time.Duration) func(string) error {
	return func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is no duration: write 500ms, 15s or 2m", text)
		}
		if d < least || d > most {
			return fmt.Errorf("%s is out of range: from %s to %s", text, least, most)
		}
		*into = d
		return nil
	}
}

// anyText takes whatever is there.
func anyText(into *string) func(string) error {
	return func(text string) error {
		*into = text
		return nil
	}
}

// oneOf takes one of a few words.
func oneOf(into *string, words ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("%q is not one of %s", text, strings.Join(words, ", "))
		}
		*into = text
		return nil
	}
}
