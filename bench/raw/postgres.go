package raw

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/bench/domain"
)

// postgresSchema is the platform's table of events, with its keys and its index.
const postgresSchema = `CREATE TABLE events (
	position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id    uuid        NOT NULL UNIQUE,
	tenant      text COLLATE "C" NOT NULL,
	category    text COLLATE "C" NOT NULL,
	stream      text COLLATE "C" NOT NULL,
	version     bigint      NOT NULL,
	type        text COLLATE "C" NOT NULL,
	schema      integer     NOT NULL,
	occurred_at timestamptz NOT NULL,
	recorded_at timestamptz NOT NULL,
	metadata    json,
	data        json        NOT NULL,
	UNIQUE (tenant, category, stream, version)
);
CREATE INDEX events_tenant ON events (tenant, position) WHERE tenant <> ''`

const (
	postgresInsert = `INSERT INTO events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data) `
	postgresOne    = postgresInsert + `VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING position`
	postgresMany   = postgresInsert + `SELECT x.id, $2, $3, $4, x.version, x.type, x.schema, x.occurred, $9, x.metadata, x.data
	FROM unnest($1::uuid[], $5::bigint[], $6::text[], $7::integer[], $8::timestamptz[], $10::json[], $11::json[]) AS x (id, version, type, schema, occurred, metadata, data)
	RETURNING position`
)

// PostgresWriter appends to PostgreSQL with the bare statement: one INSERT … RETURNING with values
// for one event, with arrays for more. It looks at no version.
type PostgresWriter struct {
	conns    []*pgx.Conn
	n        int
	metadata string
}

// NewPostgresWriter returns a writer of appends of n events into an empty schema. Each caller has
// a connection.
func NewPostgresWriter(ctx context.Context, url string, n, callers int) (*PostgresWriter, error) {
	w := &PostgresWriter{n: n, metadata: string(domain.Why.JSON())}
	for i := range callers {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return nil, errors.Join(err, w.Close())
		}
		w.conns = append(w.conns, conn)
		if i == 0 {
			if _, err := conn.Exec(ctx, postgresSchema); err != nil {
				return nil, errors.Join(err, w.Close())
			}
		}
	}
	return w, nil
}

// Append inserts the next events of stream after version. A caller is one goroutine.
func (w *PostgresWriter) Append(ctx context.Context, caller int, stream string, version int) error {
	now, conn := time.Now(), w.conns[caller]
	if w.n == 1 {
		p, typ := posting(version)
		var position int64
		return conn.QueryRow(ctx, postgresOne, uuid.Must(uuid.NewV7()), "", "account", stream, version+1,
			typ, 1, p.At, now, w.metadata, string(domain.Payload(version))).Scan(&position)
	}
	ids, versions, types, schemas := make([]uuid.UUID, w.n), make([]int64, w.n), make([]string, w.n), make([]int32, w.n)
	occurred, metadata, data := make([]time.Time, w.n), make([]string, w.n), make([]string, w.n)
	for i := range w.n {
		var p domain.Posting
		p, types[i] = posting(version + i)
		ids[i], versions[i], schemas[i] = uuid.Must(uuid.NewV7()), int64(version+i+1), 1
		occurred[i], metadata[i], data[i] = p.At, w.metadata, string(domain.Payload(version+i))
	}
	rows, err := conn.Query(ctx, postgresMany, ids, "", "account", stream, versions, types, schemas, occurred, now, metadata, data)
	if err != nil {
		return err
	}
	positions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err == nil && len(positions) != w.n {
		err = fmt.Errorf("%d positions for %d events", len(positions), w.n)
	}
	return err
}

func posting(i int) (domain.Posting, string) {
	p, debit := domain.At(i)
	if debit {
		return p, "account.debited"
	}
	return p, "account.credited"
}

// Count returns how many events there are.
func (w *PostgresWriter) Count(ctx context.Context) (n int, err error) {
	err = w.conns[0].QueryRow(ctx, `SELECT count(*) FROM events`).Scan(&n)
	return n, err
}

// Close closes the connections.
func (w *PostgresWriter) Close() (err error) {
	for _, conn := range w.conns {
		err = errors.Join(err, conn.Close(context.Background()))
	}
	return err
}
