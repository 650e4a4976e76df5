package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/core/event"
)

// livePath is where pages hear that they are out of date: GET, server-sent events, of one
// account if the query names it.
const livePath = "/live"

const (
	// reconnect is when a page asks again that has lost its stream.
	reconnect = time.Second
	// pause is how long changes gather before the next one is told: pages are fetched for each.
	pause = 100 * time.Millisecond
	// writeTimeout is how long a visitor may take for a line.
	writeTimeout = 10 * time.Second
)

// stream tells that something changed, once the read models show it. It says what, not how:
// the page fetches itself anew. It ends when the visitor leaves, or the changes end.
func (s *site) stream(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		s.noStream(w)
		return
	}
	out := &eventStream{w: w, rc: http.NewResponseController(w)}
	changes := s.cfg.Changes.Changes(r.Context())
	select {
	case _, ok := <-changes:
		if !ok { // the bank is closing
			s.noStream(w)
			return
		}
		// A change between here and the first line: whoever connects looks for itself.
	default:
	}
	// What was told before, and is not shown yet, whoever connects can't see: it is told once more.
	head, behind, err := s.cfg.Waiter.Behind(r.Context())
	if err != nil {
		s.cfg.Log.WarnContext(r.Context(), "stream can't be opened", "error", err)
		s.noStream(w)
		return
	}
	if err := out.open(); err != nil {
		s.cfg.Log.WarnContext(r.Context(), "stream can't be opened", "error", err)
		return
	}
	id := r.URL.Query().Get("account")
	if behind && !s.tell(r.Context(), out, live.Change{Position: head}, changes, id) {
		return
	}
	s.follow(r.Context(), out, changes, id)
}

func (s *site) noStream(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// follow writes until a write fails or there is no more to tell.
func (s *site) follow(ctx context.Context, out *eventStream, changes <-chan live.Change, id string) {
	heartbeat := time.NewTicker(s.cfg.Heartbeat)
	defer heartbeat.Stop()
	for {
		select {
		case c, ok := <-changes:
			due, ok := gather(c, ok, changes, id)
			if !ok || due != nil && !s.tell(ctx, out, *due, changes, id) {
				return
			}
		case <-heartbeat.C:
			if out.beat() != nil {
				return
			}
		}
	}
}

// gather takes what was received, and what waits behind it, and returns the last of it that the
// account id is concerned with, or all accounts are; nil if none is. It is false if there will
// be no more.
func gather(c live.Change, ok bool, changes <-chan live.Change, id string) (due *live.Change, more bool) {
	for ok {
		if id == "" || c.Account == "" || c.Account == id {
			due = new(c)
		}
		select {
		case c, ok = <-changes:
		default:
			return due, true
		}
	}
	return nil, false
}

// tell writes that something changed, once the read models show it. It is false if the stream
// has come to its end.
func (s *site) tell(ctx context.Context, out *eventStream, due live.Change, changes <-chan live.Change, id string) bool {
	for {
		short, cancel := context.WithTimeout(ctx, s.cfg.AwaitTimeout)
		err := s.cfg.Waiter.Await(short, due.Position)
		late := short.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil {
			break
		}
		if !late || out.beat() != nil {
			return false
		}
		select {
		case c, ok := <-changes:
			later, ok := gather(c, ok, changes, id)
			if !ok {
				return false
			}
			if later != nil {
				due = *later
			}
		default:
		}
	}
	if out.changed(due) != nil {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

// eventStream writes server-sent events. The server's time limits are for answers that come
// to an end, so here each line has its own.
type eventStream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (o *eventStream) open() error {
	h := o.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers answers would keep it to itself
	return o.write(fmt.Sprintf("retry: %d\n\n", reconnect/time.Millisecond))
}

// changed tells of a change. It is numbers and what JSON makes of an account's number, never
// text that somebody wrote.
func (o *eventStream) changed(c live.Change) error {
	data, err := json.Marshal(struct {
		Account string        `json:"account,omitempty"`
		Version event.Version `json:"version,omitempty"`
	}{c.Account, c.Version})
	if err != nil {
		return err
	}
	return o.write("event: change\ndata: " + string(data) + "\n\n")
}

func (o *eventStream) beat() error { return o.write(": \n\n") }

func (o *eventStream) write(text string) error {
	if err := o.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(o.w, text); err != nil {
		return err
	}
	return o.rc.Flush()
}
