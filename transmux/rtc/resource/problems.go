package resource

import (
	"net/http"

	"millrace/transmux/problem"
)

// Stopping is what the endpoints say while the gateway ends.
func Stopping() *problem.Problem {
	return problem.New(http.StatusServiceUnavailable, "The gateway is stopping. Ask again in a moment.").After(RetrySoon)
}

// Fault is what they say when it is nobody's fault who asked.
func Fault() *problem.Problem {
	return problem.New(http.StatusInternalServerError, "This is a fault of the gateway's; its log says more.")
}
