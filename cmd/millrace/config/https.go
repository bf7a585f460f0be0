package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"millrace/api/front"
)

// HTTPS is how pages and programs come here: over HTTPS, from which sites, through
// which proxies.
type HTTPS struct {
	Address     string
	Domains     []string
	HSTS        time.Duration
	CORS        []string // origins; empty: all
	Frames      []string // origins whose pages may show ours in a frame
	Proxies     []string // networks
	ProxyHeader string
	ACME        struct {
		Email     string
		Directory string // URL; empty: Let's Encrypt's
		Storage   string // folder; empty: found
		Root      string // file
	}
}

// Believed are the proxies whose word is taken for who asks.
func (c *HTTPS) Believed() front.Proxies {
	networks, err := parsePrefixes(c.Proxies)
	if err != nil {
		panic(err) // the setting allows no others
	}
	return front.Proxies{Networks: networks, Header: c.ProxyHeader}
}

// maxHSTS is two years, which is what lists of such sites ask for.
const maxHSTS = 2 * 365 * 24 * time.Hour

func (c *HTTPS) defaults() { c.ProxyHeader = front.XForwardedFor }

func (c *HTTPS) settings() []setting {
	return []setting{
		{"https.address", address(&c.Address)},
		{"http.domains", domains(&c.Domains)},
		{"http.hsts", duration(&c.HSTS, 0, maxHSTS)},
		{"http.cors", origins(&c.CORS)},
		{"http.frame_ancestors", origins(&c.Frames)},
		{"http.trusted_proxies", prefixes(&c.Proxies)},
		{"http.proxy_header", oneOf(&c.ProxyHeader, front.XForwardedFor, front.Forwarded, front.ProxyProtocol)},
		{"acme.email", anyText(&c.ACME.Email)},
		{"acme.directory", acmeDirectory(&c.ACME.Directory)},
		{"acme.storage", anyText(&c.ACME.Storage)},
		{"acme.root", anyText(&c.ACME.Root)},
	}
}

// The ports that HTTP and HTTPS have by themselves, which a site with a name of its own
// is asked for on.
const (
	sitePort       = ":80"
	secureSitePort = ":443"
)

// settle fills in what follows from other settings, unless it was told.
func (c *Config) settle(told func(path string) bool) {
	if len(c.HTTPS.Domains) == 0 {
		return
	}
	if !told("http.address") {
		c.HTTP.Address = sitePort
	}
	if !told("https.address") {
		c.HTTPS.Address = secureSitePort
	}
	if c.Cluster.Advertise == "" && c.HTTPS.Address != "" {
		c.Cluster.Advertise = "https://" + c.HTTPS.Domains[0]
		if _, port, _ := net.SplitHostPort(c.HTTPS.Address); port != "443" {
			c.Cluster.Advertise += ":" + port
		}
	}
}

// ByACME says whether certificates are got by ACME.
func (c *Config) ByACME() bool { return c.TLS.Certificate == "" && len(c.HTTPS.Domains) > 0 }

// validateHTTPS says what does not fit together.
func (c *Config) validateHTTPS() error {
	if !c.ByACME() {
		return nil
	}
	if c.HTTP.Address == "" && c.HTTPS.Address == "" {
		return errors.New("http.domains needs http.address or https.address: over one of them the certificate authority asks whose the domains are; or set tls.certificate and tls.key")
	}
	if c.HTTPS.ACME.Storage == "" {
		if _, err := c.HTTPS.Folder(); err != nil {
			return fmt.Errorf("http.domains needs acme.storage, a folder for the certificates: %w", err)
		}
	}
	return nil
}

// Folder is the folder where certificates are kept.
func (c *HTTPS) Folder() (string, error) {
	if c.ACME.Storage != "" {
		return c.ACME.Storage, nil
	}
	if state := os.Getenv("STATE_DIRECTORY"); state != "" { // systemd's
		first, _, _ := strings.Cut(state, ":")
		return filepath.Join(first, "acme"), nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "millrace", "acme"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "share", "millrace", "acme"), nil
}

// domains takes names of hosts that a certificate authority can know.
func domains(into *[]string) func(string) error {
	return func(text string) error {
		fields := commaList(text)
		for i, name := range fields {
			switch {
			case strings.Contains(name, "*"):
				return fmt.Errorf("%q: certificates for all names below one are not got here; name each, or set tls.certificate and tls.key", name)
			case !hostName.MatchString(name) || len(name) > 253 || strings.HasSuffix(name, "."): // RFC 1035 section 2.3.4
				return fmt.Errorf("%q is no domain: write live.example.org", name)
			}
			fields[i] = strings.ToLower(name)
		}
		*into = fields
		return nil
	}
}

// origins takes sites as browsers name them.
func origins(into *[]string) func(string) error {
	return func(text string) error {
		fields := commaList(text)
		for _, field := range fields {
			u, err := url.Parse(field)
			if field != "*" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || field != u.Scheme+"://"+u.Host || strings.ContainsAny(u.Host, ";'\"*")) {
				return fmt.Errorf(`%q is no site: write "https://host" or "https://host:port", without a path, or "*" for all`, field)
			}
		}
		*into = fields
		return nil
	}
}

// prefixes takes networks and single addresses.
func prefixes(into *[]string) func(string) error {
	return func(text string) error {
		fields := commaList(text)
		if _, err := parsePrefixes(fields); err != nil {
			return err
		}
		*into = fields
		return nil
	}
}

func parsePrefixes(fields []string) ([]netip.Prefix, error) {
	all := make([]netip.Prefix, 0, len(fields))
	for _, field := range fields {
		if addr, err := netip.ParseAddr(field); err == nil && addr.Zone() == "" {
			all = append(all, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(field)
		if err != nil {
			return nil, fmt.Errorf("%q is no network: write 10.0.0.0/8, or a single address", field)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// acmeDirectory takes an ACME authority's URL.
func acmeDirectory(into *string) func(string) error {
	return func(text string) error {
		u, err := url.Parse(text)
		if text != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			return fmt.Errorf(`%q is no ACME directory: write "https://host/path"`, text)
		}
		*into = text
		return nil
	}
}
