package raw

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Row is what a scan reads of an event.
type Row struct {
	Position, Version        int64
	ID                       uuid.UUID
	Type                     string
	Schema                   int
	Occurred, Recorded       time.Time
	Metadata, Data           []byte
	Tenant, Category, Stream string
}

// Scan reads the limit rows of the platform's table of events that follow a position, and keeps
// them all, as a page does.
func Scan(ctx context.Context, conn *pgx.Conn, table string, after int64, limit int) ([]Row, error) {
	rows, err := conn.Query(ctx, `SELECT position, event_id, version, type, schema, occurred_at, recorded_at, metadata, data, tenant, category, stream
FROM `+table+` WHERE position > $1 ORDER BY position LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	page := make([]Row, 0, limit)
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.Position, &r.ID, &r.Version, &r.Type, &r.Schema, &r.Occurred, &r.Recorded, &r.Metadata, &r.Data, &r.Tenant, &r.Category, &r.Stream); err != nil {
			return nil, err
		}
		page = append(page, r)
	}
	return page, rows.Err()
}
