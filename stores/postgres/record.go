package postgres

import (
	"context"
	"fmt"
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
	log      event.ID
	rec      event.Record
	n        int64
	version  int64
	metadata []byte
	dest     []any
}

// newScanner reads recordColumns, and what more dest takes.
func newScanner(log event.ID, more ...any) *scanner {
	sc := newStreamScanner(log, "", event.StreamID{})
	sc.dest = append(sc.dest, &sc.rec.Metadata.Tenant, &sc.rec.Stream.Category, &sc.rec.Stream.ID)
	sc.dest = append(sc.dest, more...)
	return sc
}

// newStreamScanner reads eventColumns of a stream.
func newStreamScanner(log event.ID, tenant string, stream event.StreamID) *scanner {
	sc := &scanner{log: log}
	sc.rec.Metadata.Tenant, sc.rec.Stream = tenant, stream
	sc.dest = []any{&sc.n, &sc.rec.ID, &sc.version, &sc.rec.Type, &sc.rec.Schema, &sc.rec.Occurred, &sc.rec.Recorded, &sc.metadata, &sc.rec.Data}
	return sc
}

// scan reads the row that rs stand at. The record is the caller's.
func (sc *scanner) scan(rs rows) (event.Record, error) {
	sc.rec.Data, sc.metadata = nil, nil // those before belong to who has them
	sc.rec.Metadata = event.Metadata{Tenant: sc.rec.Metadata.Tenant}
	if err := rs.Scan(sc.dest...); err != nil {
		return event.Record{}, err
	}
	if len(sc.metadata) > 0 {
		if sqlstore.DecodeMetadata(sc.metadata, &sc.rec.Metadata) != nil { // what it says is not for an error text
			return event.Record{}, &Error{Op: fmt.Sprintf("read metadata at position %d", sc.n), kind: ErrInconsistent}
		}
	}
	sc.rec.Version, sc.rec.Position = event.Version(sc.version), event.NewPosition(sc.log, uint64(sc.n))
	sc.rec.Occurred, sc.rec.Recorded = sc.rec.Occurred.UTC(), sc.rec.Recorded.UTC()
	return sc.rec, nil
}

// lookup returns the records under ids, whosever they are.
func (s *Store) lookupAny(ctx context.Context, run runner, ids []event.ID) (map[event.ID]event.Record, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	rs, err := run.query(ctx, s.text.lookup, texts)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	found := make(map[event.ID]event.Record, len(ids))
	for sc := newScanner(*s.id.Load()); rs.Next(); {
		rec, err := sc.scan(rs)
		if err != nil {
			return nil, err
		}
		found[rec.ID] = rec
	}
	rs.Close()
	return found, rs.Err()
}

// columns are the drafts of one or more appends, as arrays that go into one statement. Texts
// stand for ids and JSON because every mode of the protocol can carry them.
type columns struct {
	ids, types, metadata, data []string
	schemas                    []int32
	occurred                   []time.Time
	categories, streams        []string // of insertAll alone
	versions                   []int64  // of insertAll alone
}

func (c *columns) add(d *event.Draft, now time.Time) error {
	metadata, err := sqlstore.EncodeMetadata(d.Metadata)
	if err != nil {
		return err
	}
	occurred := now
	if !d.Occurred.IsZero() {
		occurred = event.Instant(d.Occurred)
	}
	c.ids, c.types, c.schemas = append(c.ids, d.ID.String()), append(c.types, d.Type), append(c.schemas, int32(d.Schema))
	c.occurred, c.metadata, c.data = append(c.occurred, occurred), append(c.metadata, metadata), append(c.data, string(d.Data))
	return nil
}
