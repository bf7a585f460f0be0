package doctor

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/cpu"

	"millrace/api/diagnosis"
	"millrace/cmd/millrace/config"
	"millrace/transmux/rtc/port"
)

// checkSystem is about what the kernel gives the process.
func checkSystem(cfg *config.Config) []diagnosis.Check {
	in, out, err := socketBuffers(port.SocketBuffer)
	soft, known := fdLimit()
	checks := []diagnosis.Check{
		judgeBuffer("receive", "rmem", in, err), judgeBuffer("send", "wmem", out, err),
		judgeFiles(soft, known, fdBudget(cfg)),
		judgeOffload("udp_segment", "UDP segmentation (UDP_SEGMENT)", udpSegment()),
		judgeOffload("udp_gro", "UDP receive coalescing (UDP_GRO)", udpGRO()),
		judgeAES(hasAES(), runtime.GOARCH),
	}
	return append(checks, judgeClock(time.Now(), clockState()))
}

// judgeBuffer is about one direction of a UDP socket; got is what the kernel
// granted, in bytes.
func judgeBuffer(way, key string, got int, err error) diagnosis.Check {
	c := diagnosis.Check{ID: "udp_" + way + "_buffer", Area: areaSystem, Verdict: diagnosis.OK, Title: "UDP " + way + " buffer"}
	if err != nil {
		c.Verdict, c.Seen = diagnosis.Unknown, "Cannot be told on this system."
		return c
	}
	c.Seen = fmt.Sprintf("%d KiB of the %d KiB that the WebRTC port asks for.", got>>10, port.SocketBuffer>>10)
	if got < port.SocketBuffer {
		c.Verdict, c.Code = diagnosis.Warning, c.ID
		c.Why = "Bursts (many viewers joining, keyframes of high bitrates) lose packets where there is no room for them."
		c.Remedy = fmt.Sprintf("sysctl -w net.core.%s_max=%d, and net.core.%s_max = %d in /etc/sysctl.d/60-millrace.conf for good. In a container: on the host.",
			key, port.SocketBuffer, key, port.SocketBuffer)
	}
	return c
}

// judgeFiles is about file descriptors.
func judgeFiles(soft uint64, known bool, need int) diagnosis.Check {
	c := diagnosis.Check{ID: "files", Area: areaSystem, Verdict: diagnosis.OK, Title: "File descriptors"}
	if !known {
		c.Verdict, c.Seen = diagnosis.Unknown, "Cannot be told on this system."
		return c
	}
	c.Seen = fmt.Sprintf("%d are allowed; with all limits reached, and nobody on UDP, %d are needed.", soft, need)
	if soft < uint64(need) {
		c.Verdict, c.Code = diagnosis.Warning, "files"
		c.Why = "Beyond them connections are not accepted any more."
		c.Remedy = fmt.Sprintf("systemd: LimitNOFILE=%d; Docker: --ulimit nofile=%d; a shell: ulimit -n %d. Or lower limits.viewers.", need, need, need)
	}
	return c
}

func judgeOffload(id, title string, there bool) diagnosis.Check {
	c := diagnosis.Check{ID: id, Area: areaSystem, Verdict: diagnosis.OK, Title: title, Seen: "The kernel has it."}
	if !there {
		c.Verdict, c.Code, c.Seen = diagnosis.Warning, id, "The kernel does not have it."
		c.Why, c.Remedy = "Each packet costs a system call of its own, which is most of what a viewer costs.", "Use Linux 5.0 or later."
	}
	return c
}

// hasAES says whether the processor encrypts by itself.
func hasAES() bool {
	return cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ || cpu.ARM64.HasAES || cpu.S390X.HasAES
}

func judgeAES(there bool, arch string) diagnosis.Check {
	c := diagnosis.Check{ID: "aes", Area: areaSystem, Verdict: diagnosis.OK, Title: "AES in the processor", Seen: "There (" + arch + ")."}
	if !there {
		c.Verdict, c.Code, c.Seen = diagnosis.Warning, "aes", "Not there ("+arch+")."
		c.Why = "Every packet is encrypted; without it a core serves a tenth of the viewers."
		c.Remedy = "Choose a processor with AES instructions; in a virtual machine pass them on (QEMU: -cpu host)."
	}
	return c
}

// clocks is what the kernel says of its time.
type clocks struct {
	known  bool
	synced bool
	error  time.Duration // that it may be off by
}

// early is before this program was written.
var early = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// mostOff is by how much a clock may be off before latencies that are shown are
// nonsense, and tokens expire early.
const mostOff = time.Second

func judgeClock(now time.Time, k clocks) diagnosis.Check {
	c := diagnosis.Check{ID: "clock", Area: areaSystem, Verdict: diagnosis.OK, Title: "Clock", Seen: now.UTC().Format(time.RFC3339) + "."}
	const ntp = "Let it be set by NTP: systemd-timesyncd (timedatectl set-ntp true) or chrony."
	switch {
	case now.Before(early):
		c.Verdict, c.Code, c.Remedy = diagnosis.Bad, "clock_wrong", ntp
		c.Why = "Certificates and tokens are taken for not valid yet."
	case !k.known:
		c.Seen += " Whether it is set by NTP is not known here."
	case !k.synced:
		c.Verdict, c.Code, c.Remedy = diagnosis.Warning, "clock_unsynced", ntp
		c.Seen += " Nothing sets it: the kernel calls it unsynchronised."
		c.Why = "A clock that runs away makes tokens expire early or late, certificates fail, and nodes of a cluster disagree."
	case k.error > mostOff:
		c.Verdict, c.Code, c.Remedy = diagnosis.Warning, "clock_off", ntp
		c.Seen += fmt.Sprintf(" It may be off by %v.", k.error.Round(time.Millisecond))
	default:
		c.Seen += fmt.Sprintf(" Set by NTP, off by %v at most.", k.error.Round(time.Millisecond))
	}
	return c
}
