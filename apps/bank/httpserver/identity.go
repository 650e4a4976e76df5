package httpserver

import (
	"context"
	"net/http"
	"regexp"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/core/event"
)

var (
	requestID   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	traceparent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
)

// identify returns the context of a request, in which the events that come of it find why they
// happened, and the request's id. A client may choose the id, and pass on a trace; what is not
// of the usual form is not passed on.
func identify(r *http.Request) (context.Context, string) {
	id := r.Header.Get(problem.RequestIDHeader)
	if !requestID.MatchString(id) {
		id = uuid.NewString()
	}
	ctx := event.WithCorrelation(r.Context(), id)
	if trace := r.Header.Get("Traceparent"); traceparent.MatchString(trace) {
		ctx = event.WithTrace(ctx, trace)
	}
	return ctx, id
}
