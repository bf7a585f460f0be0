// Package e2e holds the tests that run the real binary as a process of its own,
// publish to it with ffmpeg and with a small RTMP client, and watch with the
// independent client of transmux/rtc/peer. Nothing imports it.
//
// Correctness is asserted strictly. Times are printed, and asserted with three
// times the room that is promised, since tests run on busy machines;
// MILLRACE_E2E_STRICT=1 asserts the promises themselves. The sound is listened to
// for MILLRACE_E2E_SOUND (40s); the promise of ten minutes without drift is
//
//	MILLRACE_E2E_SOUND=10m go test -run TestSound -timeout 15m -v ./cmd/millrace/e2e
//
// ffmpeg must be on the PATH; prometheus and promtool there too, or where .ci/prepare
// puts them.
package e2e
