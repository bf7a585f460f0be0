package resource

import (
	"net/http"
	"regexp"
	"strings"
)

// maxAgent is the longest name of a client that is passed on, in bytes; browsers'
// own are half as long.
const maxAgent = 200

// browsers are the products that a User-Agent names beside those that it wants to
// be mistaken for; the first that is found is it.
var browsers = regexp.MustCompile(`(?:Edg|OPR|Firefox|HeadlessChrome|Chrome|CriOS|FxiOS)/[0-9]+|Version/[0-9.]+ (?:Mobile/\w+ )?Safari`)

// agentOf is what the client calls itself (RFC 9110 section 10.1.5), in the words of
// people: "Firefox 151" of a browser, or all that another program says.
func agentOf(r *http.Request) string {
	agent := strings.ToValidUTF8(r.UserAgent(), "")
	if len(agent) > maxAgent {
		agent = strings.ToValidUTF8(agent[:maxAgent], "")
	}
	if !strings.HasPrefix(agent, "Mozilla/") {
		return agent
	}
	var last string
	for _, found := range browsers.FindAllString(agent, -1) {
		last = found // Edge and Opera name themselves behind Chrome
	}
	name, version, _ := strings.Cut(last, "/")
	switch name {
	case "":
		return agent
	case "Edg":
		name = "Edge"
	case "OPR":
		name = "Opera"
	case "CriOS", "HeadlessChrome":
		name = "Chrome"
	case "FxiOS":
		name = "Firefox"
	case "Version":
		name = "Safari"
		version, _, _ = strings.Cut(version, " ")
	}
	return name + " " + version
}
