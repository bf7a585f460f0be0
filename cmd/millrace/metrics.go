package main

import (
	"maps"

	"millrace/api"
	"millrace/ingest"
	"millrace/ingest/rtmp"
	"millrace/ingest/whip"
	"millrace/playout"
	"millrace/playout/whep"
	"millrace/transmux/rtc/port"
)

// The rooms count; what their numbers are called outside is said here, so that
// the rooms need not know who reads them.

func measureRTMP(m *api.Metrics, s *rtmp.Server) {
	m.Gauge("millrace_rtmp_connections", "RTMP connections now.",
		func() float64 { return float64(s.Stats().Connections) })
	m.Gauge("millrace_rtmp_pending", "Of these, the ones that do not publish.",
		func() float64 { return float64(s.Stats().Pending) })
	m.Counters("millrace_rtmp_refused_total", "RTMP connections that ended before they published, by reason.", "reason",
		func() map[string]uint64 {
			counts := make(map[string]uint64)
			for _, reason := range rtmp.Reasons() {
				counts[reason] = 0
			}
			maps.Copy(counts, s.Stats().Refused)
			return counts
		})
	m.Counter("millrace_rtmp_bad_messages_total", "Messages of publishers that could not be read.",
		func() float64 { return float64(s.Stats().BadMessages) })
	m.Drops.Add("unreadable", func() uint64 { return s.Stats().BadMessages })
	m.Counter("millrace_rtmp_unsupported_messages_total", "Messages of codecs that cannot be played.",
		func() float64 { return float64(s.Stats().Unsupported) })
	m.Counter("millrace_rtmp_clock_jumps_total", "Times that a publisher's timestamps began anew.",
		func() float64 { return float64(s.Stats().ClockJumps) })
	m.Counter("millrace_rtmp_sent_bytes_total", "Bytes sent over RTMP.",
		func() float64 { return float64(s.Stats().Sent) })
	m.Counter("millrace_rtmp_received_bytes_total", "Bytes received over RTMP.",
		func() float64 { return float64(s.Stats().Bytes) })
}

func measureWHEP(m *api.Metrics, r *whep.Room) {
	m.Counter("millrace_whep_refused_total", "Offers of viewers that were not accepted.",
		func() float64 { return float64(r.Stats().Refused) })
	m.Counter("millrace_whep_frames_total", "Frames sent, times the viewers they went to.",
		func() float64 { return float64(r.Stats().Frames) })
	m.Counter("millrace_whep_keyframe_requests_total", "Keyframes that viewers asked for.",
		func() float64 { return float64(r.Stats().Refreshes) })
	m.Counter("millrace_whep_resent_total", "Packets sent again because viewers missed them.",
		func() float64 { return float64(r.Stats().Resent) })
	m.Counters("millrace_whep_failed_joins_total", "Viewers that went without having been sent anything, by the phase that failed: ice, no connectivity check came; dtls, the handshake failed; media, nothing was sent.", "phase",
		func() map[string]uint64 { return r.Stats().FailedJoins })
	m.Counter("millrace_whep_reports_total", "Reports of reception that viewers sent, of each track.",
		func() float64 { return float64(r.Stats().Reports) })
	m.Counter("millrace_whep_lost_total", "Packets lost on the way to viewers, as they report.",
		func() float64 { return float64(r.Stats().Lost) })
	m.Drops.Add("b_frame", func() uint64 { return r.Stats().BFrames })
	m.Drops.Add("not_resent", func() uint64 { return r.Stats().NotResent })
}

// measureRepairs tells of what both directions of WebRTC have, by the direction in
// which it went.
func measureRepairs(m *api.Metrics, given *whep.Room, taken *whip.Room) {
	both := func(received, sent func() uint64) func() map[string]uint64 {
		return func() map[string]uint64 { return map[string]uint64{"received": received(), "sent": sent()} }
	}
	m.Counters("millrace_rtcp_nacked_packets_total", "Packets asked for again (NACK): received, by viewers; sent, of publishers.", "direction",
		both(func() uint64 { return given.Stats().Asked }, func() uint64 { return taken.Stats().Asked }))
	m.Counters("millrace_rtcp_keyframe_requests_total", "Requests for a keyframe (PLI, FIR): received, of viewers; sent, to publishers.", "direction",
		both(func() uint64 { return given.Stats().AsksRefresh }, func() uint64 { return taken.Stats().Refreshes }))
	m.Counters("millrace_rtx_packets_total", "Packets that went again: received, of publishers and in time; sent, to viewers.", "direction",
		both(func() uint64 { return taken.Stats().Recovered }, func() uint64 { return given.Stats().Resent }))
}

func measureWHIP(m *api.Metrics, r *whip.Room) {
	m.Counter("millrace_whip_sessions_total", "Publishers that came over WHIP.",
		func() float64 { return float64(r.Stats().Opened) })
	m.Counter("millrace_whip_refused_total", "Offers of publishers that were not accepted.",
		func() float64 { return float64(r.Stats().Refused) })
	m.Counter("millrace_whip_packets_total", "RTP packets received from publishers.",
		func() float64 { return float64(r.Stats().Packets) })
	m.Counter("millrace_whip_lost_total", "Packets of publishers that never came.",
		func() float64 { return float64(r.Stats().Lost) })
	m.Counter("millrace_whip_recovered_total", "Packets that came when they were asked for again.",
		func() float64 { return float64(r.Stats().Recovered) })
	m.Counter("millrace_whip_dropped_total", "Packets that a session's full queue had no room for.",
		func() float64 { return float64(r.Stats().Dropped) })
	m.Drops.Add("publisher_queue", func() uint64 { return r.Stats().Dropped })
	m.Counter("millrace_whip_clock_jumps_total", "Times that a publisher's timestamps began anew.",
		func() float64 { return float64(r.Stats().Jumps) })
}

func measurePort(m *api.Metrics, p *port.Port) {
	m.Counter("millrace_webrtc_reads_total", "System calls that brought datagrams on the WebRTC port.",
		func() float64 { return float64(p.Stats().Reads) })
	m.Counter("millrace_webrtc_received_total", "Datagrams received on the WebRTC port.",
		func() float64 { return float64(p.Stats().Received) })
	m.Counter("millrace_webrtc_unknown_total", "Of these, the ones that belong to no session.",
		func() float64 { return float64(p.Stats().Unknown) })
	m.Counter("millrace_webrtc_sends_total", "System calls for sending.",
		func() float64 { return float64(p.Stats().Sends) })
	m.Counter("millrace_webrtc_packets_total", "Packets sent by them.",
		func() float64 { return float64(p.Stats().Segments) })
	m.Counter("millrace_webrtc_unsent_total", "Sends that the kernel, or a TCP connection's queue, had no room for.",
		func() float64 { return float64(p.Stats().Refused) })
	m.Counter("millrace_webrtc_send_errors_total", "Sends over UDP that failed for another reason: no route, or a firewall of this machine's.",
		func() float64 { return float64(p.Stats().SendErrors) })
	m.Counter("millrace_webrtc_receive_errors_total", "Errors that other machines reported on the UDP socket.",
		func() float64 { return float64(p.Stats().ReadErrors) })
	m.Counter("millrace_webrtc_receive_dropped_total", "Datagrams that the UDP socket's buffer had no room for.",
		func() float64 { return float64(p.Stats().ReadDrops) })
	m.Drops.Add("send_buffer", func() uint64 { return p.Stats().Refused })
	m.Drops.Add("receive_buffer", func() uint64 { return p.Stats().ReadDrops })
	m.Gauge("millrace_webrtc_tcp_connections", "TCP connections on the WebRTC port now.",
		func() float64 { return float64(p.Stats().Connections) })
	m.Gauge("millrace_webrtc_tcp_queued_bytes", "Bytes that wait for these connections to take them.",
		func() float64 { return float64(p.Stats().Queued) })
	m.Counter("millrace_webrtc_tcp_packets_total", "Packets sent over TCP connections.",
		func() float64 { return float64(p.Stats().TCPPackets) })
	m.Counter("millrace_webrtc_tcp_refused_total", "TCP connections that never showed that they belong to a session.",
		func() float64 { return float64(p.Stats().TCPRefused) })
	m.Counter("millrace_webrtc_tcp_stalled_total", "TCP connections closed because their peer did not read.",
		func() float64 { return float64(p.Stats().TCPStalled) })
	m.Counter("millrace_webrtc_accept_errors_total", "TCP connections that could not be accepted, for want of file descriptors perhaps.",
		func() float64 { return float64(p.Stats().AcceptsFailed) })
}

// measureLimits counts those whom limits kept out. requests is of the HTTP rooms'
// limiter; nil for none.
func measureLimits(m *api.Metrics, publishers *ingest.Gate, viewers *playout.Gate, requests func() uint64) {
	m.Counters("millrace_limit_refusals_total", "Publishers, viewers and requests that a limit kept out or ended, by limit.", "limit",
		func() map[string]uint64 {
			all := publishers.Refusals()
			maps.Copy(all, viewers.Refusals())
			all["requests"] = 0
			if requests != nil {
				all["requests"] = requests()
			}
			return all
		})
}
