package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

// recordColumns are what scan reads, in order.
const recordColumns = `position, event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data`

// scan reads one record of the log id.
func scan(rows *sql.Rows, id event.ID) (rec event.Record, err error) {
	var n, occurred, recorded int64
	var eventID, metadata sql.RawBytes
	err = rows.Scan(&n, &eventID, &rec.Metadata.Tenant, &rec.Stream.Category, &rec.Stream.ID, &rec.Version,
		&rec.Type, &rec.Schema, &occurred, &recorded, &metadata, &rec.Data)
	if err != nil {
		return rec, err
	}
	if len(eventID) != len(rec.ID) {
		return rec, fmt.Errorf("%w: event id of %d bytes at position %d", ErrCorrupt, len(eventID), n)
	}
	copy(rec.ID[:], eventID)
	if len(metadata) > 0 {
		tenant := rec.Metadata.Tenant
		if json.Unmarshal(metadata, &rec.Metadata) != nil { // what it says is not for an error text
			return rec, fmt.Errorf("%w: metadata at position %d", ErrCorrupt, n)
		}
		rec.Metadata.Tenant = tenant
	}
	rec.Position = event.NewPosition(id, uint64(n))
	rec.Occurred, rec.Recorded = time.UnixMicro(occurred).UTC(), time.UnixMicro(recorded).UTC()
	return rec, nil
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
		for rows.Next() {
			rec, err := scan(rows, id)
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
