package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

const (
	// eventColumns are what a scanner reads of a stream that is known.
	eventColumns = `position, event_id, version, type, schema, occurred_at, recorded_at, metadata, data`
	// recordColumns are what a scanner reads of any.
	recordColumns = eventColumns + `, tenant, category, stream`
)

// scanner reads records of one log, row by row.
type scanner struct {
	log                event.ID
	rec                event.Record
	n                  uint64
	eventID, metadata  sql.RawBytes
	occurred, recorded int64
	dest               []any
}

// newScanner reads recordColumns.
func newScanner(log event.ID) *scanner {
	sc := newStreamScanner(log, "", event.StreamID{})
	sc.dest = append(sc.dest, &sc.rec.Metadata.Tenant, &sc.rec.Stream.Category, &sc.rec.Stream.ID)
	return sc
}

// newStreamScanner reads eventColumns of a stream.
func newStreamScanner(log event.ID, tenant string, stream event.StreamID) *scanner {
	sc := &scanner{log: log}
	sc.rec.Metadata.Tenant, sc.rec.Stream = tenant, stream
	sc.dest = []any{&sc.n, &sc.eventID, &sc.rec.Version, &sc.rec.Type, &sc.rec.Schema, &sc.occurred, &sc.recorded, &sc.metadata, &sc.rec.Data}
	return sc
}

// scan reads the row that rows stand at. The record is the caller's.
func (sc *scanner) scan(rows *sql.Rows) (event.Record, error) {
	sc.rec.Data = nil // the one before belongs to who has it
	sc.rec.Metadata = event.Metadata{Tenant: sc.rec.Metadata.Tenant}
	if err := rows.Scan(sc.dest...); err != nil {
		return event.Record{}, err
	}
	if len(sc.eventID) != len(sc.rec.ID) {
		return event.Record{}, fmt.Errorf("%w: event id of %d bytes at position %d", ErrCorrupt, len(sc.eventID), sc.n)
	}
	copy(sc.rec.ID[:], sc.eventID)
	if len(sc.metadata) > 0 {
		if sqlstore.DecodeMetadata(sc.metadata, &sc.rec.Metadata) != nil { // what it says is not for an error text
			return event.Record{}, fmt.Errorf("%w: metadata at position %d", ErrCorrupt, sc.n)
		}
	}
	sc.rec.Position = event.NewPosition(sc.log, sc.n)
	sc.rec.Occurred, sc.rec.Recorded = time.UnixMicro(sc.occurred).UTC(), time.UnixMicro(sc.recorded).UTC()
	return sc.rec, nil
}

// lookup returns the records under ids, whosever they are.
func lookup(ctx context.Context, run runner, id event.ID, ids []event.ID) (map[event.ID]event.Record, error) {
	found := make(map[event.ID]event.Record, len(ids))
	for start := 0; start < len(ids); start += maxRows {
		chunk := ids[start:min(start+maxRows, len(ids))]
		args := make([]any, len(chunk))
		for i := range chunk {
			args[i] = chunk[i][:]
		}
		rows, err := run.query(ctx, selectByID[len(chunk)], args...)
		if err != nil {
			return nil, err
		}
		for sc := newScanner(id); rows.Next(); {
			rec, err := sc.scan(rows)
			if err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			found[rec.ID] = rec
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// selectByID[n] selects the records under n ids.
var selectByID = func() (texts [maxRows + 1]string) {
	for n := 1; n <= maxRows; n++ {
		texts[n] = "SELECT " + recordColumns + " FROM es_events WHERE event_id IN (?" + strings.Repeat(", ?", n-1) + ")"
	}
	return texts
}()
