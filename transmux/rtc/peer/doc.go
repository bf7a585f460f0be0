// Package peer is our own full WebRTC client, on pion's PeerConnection: it
// watches a stream over WHEP as a browser would and measures what it gets.
//
// The end-to-end tests and the load tools call it. It shares nothing with the
// sending endpoint that serves viewers, on purpose: what the one believes about
// the protocol, the other must not know. It knows neither the bus nor frames.
package peer
