package hallgren

import (
	"context"
	"database/sql"
	"errors"

	hallgrensql "github.com/hallgren/eventsourcing/eventstore/sql"
	_ "github.com/jackc/pgx/v5/stdlib" // one of the two drivers that its users have
	_ "github.com/lib/pq"              // the other

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/server"
)

// NewPostgresWriter returns a writer into an empty schema. driver is "pgx", or "postgres" for lib/pq.
func NewPostgresWriter(ctx context.Context, driver, url string, callers int) (*Writer, error) {
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(callers)
	db.SetMaxIdleConns(callers)
	store, err := hallgrensql.NewPostgres(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := server.WarmSQL(ctx, db, callers); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Writer{store: store, metadata: domain.Why.JSON()}, nil
}
