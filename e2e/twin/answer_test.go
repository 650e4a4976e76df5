package twin_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// secret is in every payload, and in no error.
const secret = "s3cret"

// census counts what was answered, by kind.
type census map[string]int

// kinds are all that an answer may be.
var kinds = []string{
	"stored", "replayed", "conflict", "closed", "duplicate", "invalid append", "invalid query", "invalid stream", "tenant",
	"foreign position", "diverged", "inside of a transaction", "context canceled", "records", "page", "listing", "committed", "rolled back", "reopened",
}

// numbered returns the id of the nth event of a tape, and number what n was.
func numbered(n int) (id event.ID) {
	id[0] = 0xe5
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func number(id event.ID) string {
	if id == (event.ID{}) {
		return "none"
	}
	return fmt.Sprintf("#%d", binary.BigEndian.Uint64(id[8:]))
}

// at returns a position as the event that stands there.
func (s *side) at(p event.Position) string {
	if id, ok := s.events[p]; ok {
		return number(id)
	}
	if p.IsZero() {
		return "none"
	}
	return "unknown"
}

// learn remembers where an event stands, which is for ever.
func (s *side) learn(id event.ID, p event.Position) {
	if other, ok := s.events[p]; ok && other != id {
		s.complain("%s stands where %s did", number(id), number(other))
	}
	if other, ok := s.positions[id]; ok && other != p {
		s.complain("%s stands elsewhere than it did", number(id))
	}
	s.events[p], s.positions[id] = id, p
}

// complain makes the next answer differ from that of the others.
func (s *side) complain(format string, args ...any) {
	s.complaints += "; " + s.name + ": " + fmt.Sprintf(format, args...)
}

// results says what an append came to.
func (s *side) results(ctx context.Context, appends []eventstore.Append, results []eventstore.AppendResult, err error) (kind, text string) {
	if err != nil {
		return s.failureOf(ctx, err)
	}
	kind = "stored"
	var parts []string
	for i, res := range results {
		if events := appends[i].Events; len(events) > 0 {
			s.learn(events[0].ID, res.First)
			s.learn(events[len(events)-1].ID, res.Position)
		}
		parts = append(parts, fmt.Sprintf("version %d, %s to %s", res.Version, s.at(res.First), s.at(res.Position)))
		if res.Replayed {
			kind = "replayed"
			parts[i] += ", replayed"
		}
	}
	return kind, strings.Join(parts, " | ")
}

// records says what was read. Numbers of positions are a store's own; their order is not.
func (s *side) records(recs []event.Record) string {
	var parts []string
	for _, rec := range recs {
		s.learn(rec.ID, rec.Position)
		parts = append(parts, record(rec))
	}
	return "[" + strings.Join(parts, "\n        ") + "]"
}

func record(rec event.Record) string {
	md := rec.Metadata
	text := fmt.Sprintf("%s %q %s@%d %q/%d %s %s", number(rec.ID), md.Tenant, rec.Stream, rec.Version, rec.Type, rec.Schema, rec.Data, instant(rec.Occurred))
	if rec.Recorded.Location() != time.UTC {
		text += " not in UTC"
	}
	text += " recorded " + instant(rec.Recorded)
	md.Tenant = ""
	if extra := fmt.Sprintf("%q", md.Extra); len(md.Extra) > 0 || md.Correlation+md.Causation+md.Actor+md.Trace != "" {
		text += fmt.Sprintf(" %q %q %q %q %s", md.Correlation, md.Causation, md.Actor, md.Trace, extra)
	}
	return text
}

func instant(t time.Time) string {
	if t.Location() != time.UTC {
		return t.String()
	}
	return t.Format(time.RFC3339Nano)
}

// inOrder complains unless the records stand one after the other.
func (s *side) inOrder(recs []event.Record) {
	for i := 1; i < len(recs); i++ {
		if order, err := recs[i-1].Position.Compare(recs[i].Position); err != nil || order >= 0 {
			s.complain("%s does not stand before %s", number(recs[i-1].ID), number(recs[i].ID))
		}
	}
}

func (s *side) cursor(c event.Cursor) string {
	if at := s.at(c.Position); at != number(c.Event) {
		return at + " as " + number(c.Event)
	}
	return number(c.Event)
}

// sentinels that an error may match, and what they are called here.
var sentinels = []struct {
	err  error
	kind string
}{
	{eventstore.ErrInvalidQuery, "invalid query"},
	{event.ErrInvalidStream, "invalid stream"},
	{eventstore.ErrTenant, "tenant"},
	{eventstore.ErrStoreClosed, "store closed"},
	{eventstore.ErrBusy, "busy"},
	{sqlite.ErrInsideTx, "inside of a transaction"},
	{postgres.ErrInsideTx, "inside of a transaction"},
	{context.Canceled, "context canceled"},
	{context.DeadlineExceeded, "deadline exceeded"},
	{errOnPurpose, "on purpose"},
}

// refusedAnyway are the kinds of errors that a call has earned whoever made it. Which of them, or
// of the context's, somebody gets who has left meanwhile is not promised.
var refusedAnyway = []string{"invalid append", "invalid query", "invalid stream", "tenant", "foreign position", "context canceled"}

// failureOf is failure, of a call that ctx was for.
func (s *side) failureOf(ctx context.Context, err error) (kind, text string) {
	if kind, text = s.failure(err); ctx.Err() != nil && slices.Contains(refusedAnyway, kind) {
		text = "refused"
	}
	return kind, text
}

// failure says what an error is: its kind, and what it tells a program. Its text is for people.
func (s *side) failure(err error) (kind, text string) {
	if strings.Contains(err.Error(), secret) {
		s.complain("the error has a payload in it: %v", err)
	}
	if e, ok := errors.AsType[*eventstore.ConflictError](err); ok {
		return "conflict", fmt.Sprintf("conflict: %s, expected %v, is %d", e.Stream, e.Expected, e.Actual)
	}
	if e, ok := errors.AsType[*eventstore.StreamClosedError](err); ok {
		return "closed", fmt.Sprintf("closed: %s at %d", e.Stream, e.Version)
	}
	if e, ok := errors.AsType[*eventstore.DuplicateEventError](err); ok {
		return "duplicate", fmt.Sprintf("duplicate: %s of %v", number(e.ID), e.Stream)
	}
	if e, ok := errors.AsType[*eventstore.InvalidAppendError](err); ok {
		return "invalid append", fmt.Sprintf("invalid append: %v, event %d: %s", e.Stream, e.Event, e.Reason)
	}
	if e, ok := errors.AsType[*eventstore.DivergedError](err); ok {
		return "diverged", fmt.Sprintf("diverged: %s, found %s", s.cursor(e.Cursor), number(e.Found))
	}
	if _, ok := errors.AsType[*event.ForeignPositionError](err); ok {
		return "foreign position", "foreign position"
	}
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel.err) {
			return sentinel.kind, sentinel.kind
		}
	}
	return "unknown error", fmt.Sprintf("%T: %v", err, err)
}
