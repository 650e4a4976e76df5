package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/uptrace/bun"
)

const shapeQuery = `SELECT name, sql FROM sqlite_schema
WHERE name GLOB 'es_*' AND name <> 'es_migrations' AND sql IS NOT NULL`

// wantedShape is what the migrations make of an empty database.
var wantedShape = sync.OnceValues(func() (map[string]string, error) {
	db, err := sql.Open("sqlite", memory)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	for _, m := range Migrations.Migrations {
		if _, err := db.Exec(m.SQL); err != nil {
			return nil, err
		}
	}
	rows, err := db.Query(shapeQuery)
	return readShape(rows, err)
})

// checkShape compares the tables and indexes in db with those that the migrations make.
// What a newer, compatible program added is left alone.
func checkShape(ctx context.Context, db bun.IDB) error {
	want, err := wantedShape()
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, shapeQuery)
	got, err := readShape(rows, err)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch text, ok := got[name]; {
		case !ok:
			return &SchemaError{Set: Migrations.Name, Reason: ErrSchemaAltered, Detail: name + " is missing"}
		case text != want[name]:
			return &SchemaError{Set: Migrations.Name, Reason: ErrSchemaAltered, Detail: name + " has another form"}
		}
	}
	return nil
}

func readShape(rows *sql.Rows, err error) (map[string]string, error) {
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	defer rows.Close()
	shape := make(map[string]string)
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		shape[name] = text
	}
	return shape, errors.Join(rows.Err(), rows.Close())
}
