// Package rtsp is RTSP itself (RFC 2326), both of its ends: a Server that cameras
// and encoders publish to and players play from, and a Dial that fetches.
//
// One port serves both directions, while those who take streams in and those who
// give them out must not know each other: so the server stands here, below them,
// and hands what comes to two interfaces, Publishers (ingest/rtsp) and Viewers
// (playout/rtsp). github.com/bluenviron/gortsplib is known here only. Session
// descriptions are read here too, because the library refuses a whole session for
// one parameter that it does not like, and cameras are as they are; what it is
// given is a plain copy (see Plain).
//
// The room knows connections, sessions, packets and passwords. It must not know
// codecs, frames, the bus, or what a stream is.
//
// # What the library is kept from
//
// It has no deadline for connections without a session, no bound on their number,
// and ends when one Accept fails: link and lobby see to these. It answers wrong
// credentials by closing the connection, and splits Basic ones at every colon:
// credentials are read here. Its sender reports begin after ten seconds; they are
// off, and the viewers' room makes its own. Its queue of packets that go out drops
// what does not fit: Outlet counts what has left and waits. Over UDP it holds back
// what is behind a lost packet until 64 more have come: datagrams reads for it, but
// not where we fetch. SRTP is not offered: over RTSPS media goes through the TLS
// connection.
package rtsp
