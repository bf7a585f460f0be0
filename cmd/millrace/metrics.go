package main

import (
	"millrace/api"
	"millrace/ingest/rtmp"
	"millrace/ingest/whip"
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
		func() map[string]uint64 { return s.Stats().Refused })
	m.Counter("millrace_rtmp_bad_messages_total", "Messages of publishers that could not be read.",
		func() float64 { return float64(s.Stats().BadMessages) })
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
}

func measureWHIP(m *api.Metrics, r *whip.Room) {
	m.Counter("millrace_whip_sessions_total", "Publishers that came over WHIP.",
		func() float64 { return float64(r.Stats().Opened) })
	m.Counter("millrace_whip_refused_total", "Offers of publishers that were not accepted.",
		func() float64 { return float64(r.Stats().Refused) })
	m.Counter("millrace_whip_packets_total", "RTP packets received from publishers.",
		func() float64 { return float64(r.Stats().Packets) })
	m.Counter("millrace_whip_lost_total", "Packets that never came; counted when a session ends.",
		func() float64 { return float64(r.Stats().Lost) })
	m.Counter("millrace_whip_recovered_total", "Packets that came when they were asked for again; counted when a session ends.",
		func() float64 { return float64(r.Stats().Recovered) })
	m.Counter("millrace_whip_dropped_total", "Packets that a session's full queue had no room for.",
		func() float64 { return float64(r.Stats().Dropped) })
}

func measurePort(m *api.Metrics, p *port.Port) {
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
