package diagnosis

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// publisher is about who sends the stream, or why nobody does.
func (f *Facts) publisher() Check {
	switch {
	case f.Snapshot != nil && f.Snapshot.Live:
		return f.present()
	case f.Snapshot != nil:
		c := publisherGone(f.Snapshot, f.Now)
		c.Seen = sentences(c.Seen, f.departed())
		return c
	case f.Source != nil:
		return f.fetched()
	case f.Cluster != nil && f.Cluster.Origin != "" && f.Cluster.Origin != f.Cluster.Self:
		return Check{
			ID: "publisher", Area: Publisher, Verdict: OK, Title: "It is published at another node",
			Seen: "At " + f.Cluster.Origin + "; this node fetches it as soon as somebody watches here.",
		}
	default:
		return f.absent()
	}
}

func (f *Facts) present() Check {
	s := f.Snapshot
	seen := strings.ToUpper(s.Publisher.Protocol)
	if s.Publisher.Remote != "" && f.Caller.All {
		seen += " from " + s.Publisher.Remote
	}
	if s.Publisher.Encoder != "" {
		seen += ", " + s.Publisher.Encoder
	}
	seen += ", for " + span(f.Now.Sub(s.Since))
	if s.Generation > 1 {
		seen += fmt.Sprintf("; it came back %d times", s.Generation-1)
	}
	return Check{ID: "publisher", Area: Publisher, Verdict: OK, Title: "A publisher is there", Seen: seen + "."}
}

// fetched is about a stream that the gateway gets itself, and does not have.
func (f *Facts) fetched() Check {
	c := Check{ID: "publisher", Area: Publisher}
	src := f.Source
	fault := ""
	if src.LastError != "" && f.Caller.All {
		fault = "The last time it failed: " + src.LastError + "."
	}
	switch src.State {
	case "idle":
		c.Verdict, c.Title = OK, "The source is fetched when somebody watches"
		c.Seen = sentences("Nobody watches now.", fault)
		return c
	case "connecting", "live":
		c.Verdict, c.Code, c.Title = Warning, "source_connecting", "The source has sent nothing yet"
		c.Seen = sentences(fmt.Sprintf("It has been asked for %s.", span(f.Now.Sub(src.Since))), fault)
	default:
		c.Verdict, c.Code, c.Title = Bad, "source_down", "The source cannot be fetched"
		c.Seen = fault
		if wait := src.Next.Sub(f.Now); !src.Next.IsZero() && wait > 0 {
			c.Seen = sentences(c.Seen, fmt.Sprintf("It is tried again in %s.", span(wait)))
		}
	}
	c.Why = "The gateway fetches this stream from a camera or server, and viewers wait for it."
	c.Remedy = "See that it plays from the gateway's machine: ffprobe <url>. Then check address, user and password under sources: in the configuration; " +
		"a camera whose UDP does not get through needs transport: tcp."
	return c
}

// absent is about a name that nobody publishes under.
func (f *Facts) absent() Check {
	c := Check{
		ID: "publisher", Code: "not_live", Area: Publisher, Verdict: Bad, Title: "Nobody publishes this stream",
		Why: "There is nothing to show until somebody does. The name must be the same to the letter.",
	}
	near := nearest(f.Name, f.Names)
	c.Seen = sentences("No publisher of this name is here now.", f.departed())
	c.Remedy = f.howToPublish()
	if len(near) > 0 {
		c.Code = "wrong_name"
		c.Seen = sentences(c.Seen, "Live under a name like it: "+strings.Join(near, ", ")+".")
		c.Remedy = "If you mean " + near[0] + ", open /watch/" + near[0] + "; else set the name in the encoder. " + c.Remedy
	}
	return c
}

// departed tells of who was there last.
func (f *Facts) departed() string {
	d := f.Departure
	if d == nil {
		return ""
	}
	words := fmt.Sprintf("The last publisher left %s ago", span(f.Now.Sub(d.At)))
	if d.Protocol != "" {
		words += " (" + strings.ToUpper(d.Protocol)
		if d.Remote != "" && f.Caller.All {
			words += " from " + d.Remote
		}
		words += ")"
	}
	if d.Cause != "" && f.Caller.All {
		words += ": " + strings.TrimSuffix(d.Cause, ".")
	}
	return words + "."
}

// howToPublish is what to enter for that very name.
func (f *Facts) howToPublish() string {
	host := f.Caller.Host
	if host == "" {
		host = "this-server"
	}
	var ways []string
	app, key, ok := strings.Cut(f.Name, "/")
	if ok && f.Ports.RTMP != 0 {
		at := host
		if f.Ports.RTMP != 1935 { // RTMP's own port
			at = net.JoinHostPort(host, strconv.Itoa(f.Ports.RTMP))
		}
		ways = append(ways, fmt.Sprintf("OBS: Settings → Stream → Service: Custom…, Server rtmp://%s/%s, Stream Key %s.", at, app, key))
	}
	if f.Ports.RTSP != 0 {
		ways = append(ways, fmt.Sprintf("Camera or ffmpeg: publish to rtsp://%s/%s.", net.JoinHostPort(host, strconv.Itoa(f.Ports.RTSP)), f.Name))
	}
	return strings.Join(append(ways, "Browser: open /publish/"+f.Name+"."), " ")
}

// credentials is about publishers that were refused under this name, nil if none
// was.
func (f *Facts) credentials() *Check {
	if f.Refused.Count == 0 {
		return nil
	}
	c := Check{
		ID: "credentials", Code: "publisher_refused", Area: Publisher, Verdict: Bad, Title: "Somebody tried to publish this and was refused",
		Seen: fmt.Sprintf("%s in the last %s, the last %s ago", times(f.Refused.Count), span(recentFor), span(f.Now.Sub(f.Refused.Last))),
		Why:  "The key or token that the encoder sends is missing, wrong, or not for this name.",
		Remedy: "OBS: Settings → Stream → Stream Key: the key, then ?token= and the token that the gateway's owner gave you. " +
			"The owner finds who may publish what under auth: in the configuration; docs/security.md explains it.",
	}
	if f.Refused.Words != "" && f.Caller.All {
		c.Seen += ": " + f.Refused.Words
	}
	c.Seen = strings.TrimSuffix(c.Seen, ".") + "."
	if f.Snapshot != nil && f.Snapshot.Live {
		c.Verdict = Warning // somebody else is there
	}
	return &c
}

func times(n int) string {
	if n == 1 {
		return "Once"
	}
	return fmt.Sprintf("%d times", n)
}

// span is a length of time as people say it.
func span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", max(0, d.Seconds()))
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	default:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
}
