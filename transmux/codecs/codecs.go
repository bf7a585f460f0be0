// Package codecs knows what is inside an elementary stream, a file per codec:
// which configuration a track has, whether a frame is a keyframe or holds B
// slices, and how it is cut into RTP payloads.
//
// The rooms that take media in (flv, rtpio, the derivations) call it to turn
// bytes into av.Track and av.Frame. It knows no container, no transport and no
// bus, starts nothing and keeps nothing between two calls. All of its input
// comes from outside and is treated as hostile: lengths are bounded before
// anything is allocated, and bytes that lie are an error, never a panic.
package codecs
