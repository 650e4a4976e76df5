package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

// batch is the appends of one call, inside of a transaction.
type batch struct {
	store   *Store
	run     runner
	tenant  string
	appends []eventstore.Append
	now     time.Time // that they are recorded at

	// careful writes behind a savepoint, so that what is refused half way leaves nothing. Without
	// it such a refusal is errHalfway, and the transaction has to go.
	careful bool
}

var errHalfway = errors.New("an append was refused half way")

// write stores the appends, or answers why not, and returns the position of the last event that
// it stored. An error is SQLite's; then nothing of the appends is left, or the transaction is of
// no use any more.
func (b *batch) write(ctx context.Context) (answer, int64, error) {
	b.careful = b.careful || len(b.appends) > 1
	if !b.careful {
		return b.plain(ctx)
	}
	if _, err := b.run.exec(ctx, "SAVEPOINT es_append"); err != nil {
		return answer{}, 0, err
	}
	results, last, _, err := b.insert(ctx)
	if err == nil {
		_, err = b.run.exec(ctx, "RELEASE es_append")
		return answer{results: results}, last, err
	}
	if failed := b.undo(ctx); failed != nil {
		return answer{}, 0, errors.Join(err, failed)
	}
	if !errors.Is(err, errRefused) {
		return answer{}, 0, err
	}
	ans, err := b.explain(ctx)
	return ans, 0, err
}

// plain writes without a savepoint.
func (b *batch) plain(ctx context.Context) (answer, int64, error) {
	results, last, written, err := b.insert(ctx)
	switch {
	case err == nil:
		return answer{results: results}, last, nil
	case !errors.Is(err, errRefused):
		return answer{}, 0, err
	case written:
		return answer{}, 0, errHalfway
	}
	ans, err := b.explain(ctx)
	return ans, 0, err
}

// undo takes back what was written behind the savepoint. If that can't be done the whole
// transaction goes, so that nobody commits a half.
func (b *batch) undo(ctx context.Context) error {
	_, err := b.run.exec(ctx, "ROLLBACK TO es_append")
	if err == nil {
		_, err = b.run.exec(ctx, "RELEASE es_append")
	}
	if err != nil {
		_, _ = b.run.exec(ctx, "ROLLBACK")
	}
	return err
}

// errRefused reports that a guard did not hold, or that an id is taken.
var errRefused = errors.New("refused")

// insert moves the guards and adds the events. written reports whether it got so far.
func (b *batch) insert(ctx context.Context) (results []eventstore.AppendResult, last int64, written bool, err error) {
	results = make([]eventstore.AppendResult, len(b.appends))
	for i, a := range b.appends {
		head, err := b.move(ctx, a)
		if err != nil {
			return nil, 0, written, err
		}
		written = true
		n, err := b.add(ctx, a, head, &results[i])
		if err != nil {
			return nil, 0, written, err
		}
		last = max(last, n)
	}
	return results, last, written, nil
}

const (
	selectGuard = `SELECT version, closed FROM es_streams WHERE tenant = ? AND category = ? AND stream = ?`
	insertGuard = `INSERT INTO es_streams (tenant, category, stream, version, closed) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	updateGuard = `UPDATE es_streams SET version = ?, closed = ? WHERE tenant = ? AND category = ? AND stream = ? AND version = ? AND closed = 0`
)

// move moves the stream's row from what is expected to what it will be, and returns where it was.
func (b *batch) move(ctx context.Context, a eventstore.Append) (event.Version, error) {
	head, exact := a.Expect.Version()
	if !exact {
		var err error
		var closed bool
		if head, closed, err = b.guard(ctx, a.Stream); err != nil {
			return 0, err
		}
		if closed || a.Expect.Check(a.Stream, head) != nil {
			return 0, errRefused
		}
	}
	args := []any{b.tenant, a.Stream.Category, a.Stream.ID, int64(head) + int64(len(a.Events)), a.Close}
	text := insertGuard
	if head > 0 {
		text = updateGuard
		args = []any{int64(head) + int64(len(a.Events)), a.Close, b.tenant, a.Stream.Category, a.Stream.ID, int64(head)}
	}
	res, err := b.run.exec(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, errors.Join(errRefused, err)
	}
	return head, nil
}

// guard returns what the stream's row says. An absent stream is at version 0.
func (b *batch) guard(ctx context.Context, stream event.StreamID) (version event.Version, closed bool, err error) {
	rows, err := b.run.query(ctx, selectGuard, b.tenant, stream.Category, stream.ID)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&version, &closed); err != nil {
			return 0, false, err
		}
	}
	return version, closed, rows.Err()
}

// maxRows is how many events one statement inserts.
const maxRows = 100

// add inserts the events of one append whose stream was at version head, and returns the
// position of the last one.
func (b *batch) add(ctx context.Context, a eventstore.Append, head event.Version, res *eventstore.AppendResult) (last int64, err error) {
	if res.Version = head + event.Version(len(a.Events)); len(a.Events) == 0 {
		res.Position, err = b.positionOf(ctx, a.Stream, head)
		return 0, err
	}
	now := b.now.UnixMicro()
	for start := 0; start < len(a.Events); start += maxRows {
		drafts := a.Events[start:min(start+maxRows, len(a.Events))]
		args := make([]any, 0, len(drafts)*insertColumns)
		var metadata string // mostly the same for all
		for i := range drafts {
			d := &drafts[i]
			if i == 0 || !sameMetadata(d.Metadata, drafts[i-1].Metadata) {
				if metadata, err = sqlstore.EncodeMetadata(d.Metadata); err != nil {
					return 0, err
				}
			}
			occurred := now
			if !d.Occurred.IsZero() {
				occurred = event.Instant(d.Occurred).UnixMicro()
			}
			args = append(args, d.ID[:], b.tenant, a.Stream.Category, a.Stream.ID, int64(head)+int64(start+i+1),
				d.Type, d.Schema, occurred, now, metadata, string(d.Data))
		}
		inserted, err := b.run.exec(ctx, insertEvents[len(drafts)], args...)
		switch {
		case isUniqueViolation(err):
			return 0, errRefused
		case err != nil:
			return 0, err
		}
		if last, err = inserted.LastInsertId(); err != nil {
			return 0, err
		}
	}
	id := *b.store.id.Load()
	res.First = event.NewPosition(id, uint64(last)-uint64(len(a.Events))+1)
	res.Position = event.NewPosition(id, uint64(last))
	return last, nil
}

const insertColumns = 11

// insertEvents[n] inserts n events.
var insertEvents = func() (texts [maxRows + 1]string) {
	const into = `INSERT INTO es_events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data) VALUES `
	row := "(?" + strings.Repeat(", ?", insertColumns-1) + ")"
	for n := 1; n <= maxRows; n++ {
		texts[n] = into + row + strings.Repeat(", "+row, n-1)
	}
	return texts
}()

// positionOf returns where the event of a version stands; zero if there is none.
func (b *batch) positionOf(ctx context.Context, stream event.StreamID, v event.Version) (event.Position, error) {
	rows, err := b.run.query(ctx, `SELECT position FROM es_events WHERE tenant = ? AND category = ? AND stream = ? AND version = ?`,
		b.tenant, stream.Category, stream.ID, int64(v))
	if err != nil {
		return event.Position{}, err
	}
	defer rows.Close()
	var n uint64
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return event.Position{}, err
		}
	}
	return event.NewPosition(*b.store.id.Load(), n), rows.Err()
}

// explain answers appends that were refused: they are stored already, or something stands in
// their way. It reads what is true for as long as the transaction has the write lock.
func (b *batch) explain(ctx context.Context) (answer, error) {
	var ids []event.ID
	for _, a := range b.appends {
		for i := range a.Events {
			ids = append(ids, a.Events[i].ID)
		}
	}
	found, err := lookup(ctx, b.run, *b.store.id.Load(), ids)
	if err != nil {
		return answer{}, err
	}
	var failed error
	results, err := eventstore.Replay(b.tenant, b.appends, eventstore.Stored{
		Event: func(id event.ID) (event.Record, bool) { rec, ok := found[id]; return rec, ok },
		End: func(stream event.StreamID) (version event.Version, position event.Position, closed bool, err error) {
			if version, closed, failed = b.guard(ctx, stream); failed == nil {
				position, failed = b.positionOf(ctx, stream, version)
			}
			return version, position, closed, failed
		},
	})
	switch {
	case failed != nil:
		return answer{}, failed
	case results != nil || err != nil:
		return answer{results, err}, nil
	}
	for _, a := range b.appends {
		version, closed, err := b.guard(ctx, a.Stream)
		switch {
		case err != nil:
			return answer{}, err
		case closed:
			return answer{err: &eventstore.StreamClosedError{Stream: a.Stream, Version: version}}, nil
		}
		if err := a.Expect.Check(a.Stream, version); err != nil {
			return answer{err: err}, nil
		}
	}
	return answer{}, &Error{Op: "append", Path: b.store.path, kind: ErrCorrupt,
		cause: fmt.Errorf("the row of a stream does not agree with its events")}
}

// sameMetadata leaves the tenant out, as [sqlstore.EncodeMetadata] does.
func sameMetadata(a, b event.Metadata) bool {
	return a.Correlation == b.Correlation && a.Causation == b.Causation && a.Actor == b.Actor && a.Trace == b.Trace && maps.Equal(a.Extra, b.Extra)
}
