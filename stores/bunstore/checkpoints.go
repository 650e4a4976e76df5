package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Checkpoints keeps checkpoints in the table es_checkpoints, or what [Tables] says, which the
// store's migrations make.
type Checkpoints struct{ db Database }

var _ checkpoint.Store = (*Checkpoints)(nil)

// NewCheckpoints returns the checkpoints in db.
func NewCheckpoints(db Database) *Checkpoints { return &Checkpoints{db: db} }

// Load implements [checkpoint.Store].
func (c *Checkpoints) Load(ctx context.Context, name string) (event.Cursor, error) {
	if err := checkpoint.ValidateName(name); err != nil {
		return event.Cursor{}, err
	}
	return loadCursor(ctx, c.db.DB(), table(c.db, "checkpoints"), name)
}

// Save implements [checkpoint.Store]. It takes a transaction of its own.
func (c *Checkpoints) Save(ctx context.Context, name string, cur event.Cursor) error {
	if err := checkpoint.ValidateName(name); err != nil {
		return err
	}
	return c.db.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		// Once more if there was no row to lock, and somebody made it between our look and our write.
		for range 2 {
			kept, err := lockCursor(ctx, tx, table(c.db, "checkpoints"), name)
			if err != nil {
				return err
			}
			to, err := checkpoint.Move(name, kept, cur)
			if err != nil {
				return err
			}
			if err := moveCursor(ctx, tx, table(c.db, "checkpoints"), name, kept, to); !errors.Is(err, ErrMoved) {
				return err
			}
		}
		return fmt.Errorf("%w: %q", ErrMoved, name)
	})
}

type cursorRow struct {
	bun.BaseModel `bun:"alias:cursor_row"`

	Name     string         `bun:"name,pk"`
	Position event.Position `bun:"position,type:text"`
	EventID  string         `bun:"event_id"` // as text; empty is none
}

func loadCursor(ctx context.Context, db bun.IDB, table bun.Ident, name string) (event.Cursor, error) {
	var row cursorRow
	return row.load(ctx, selectCursor(db, &row, table), name)
}

// lockCursor is loadCursor in a transaction that means to move it: where more than one writes at a
// time, nobody else does so from then on, unless there is no row yet.
func lockCursor(ctx context.Context, tx bun.Tx, table bun.Ident, name string) (event.Cursor, error) {
	var row cursorRow
	query := selectCursor(tx, &row, table)
	if tx.Dialect().Name() != dialect.SQLite {
		query = query.For("UPDATE")
	}
	return row.load(ctx, query, name)
}

func selectCursor(db bun.IDB, row *cursorRow, table bun.Ident) *bun.SelectQuery {
	return db.NewSelect().Model(row).ModelTableExpr("? AS cursor_row", table)
}

func (row *cursorRow) load(ctx context.Context, query *bun.SelectQuery, name string) (cur event.Cursor, err error) {
	switch err := query.Where("name = ?", name).Scan(ctx); {
	case errors.Is(err, sql.ErrNoRows):
		return cur, nil
	case err != nil:
		return cur, fmt.Errorf("load checkpoint %q: %w", name, err)
	}
	cur.Position = row.Position
	if row.EventID != "" {
		if err := cur.Event.UnmarshalText([]byte(row.EventID)); err != nil {
			return event.Cursor{}, fmt.Errorf("load checkpoint %q: event id: %w", name, err)
		}
		if idText(cur.Event) != row.EventID { // nothing could be saved in its place
			return event.Cursor{}, fmt.Errorf("load checkpoint %q: event id is not in its usual form", name)
		}
	}
	return cur, nil
}

// moveCursor moves the checkpoint from where it is taken to be, or returns [ErrMoved].
func moveCursor(ctx context.Context, db bun.IDB, table bun.Ident, name string, from, to event.Cursor) error {
	row := cursorRow{Name: name, Position: to.Position, EventID: idText(to.Event)}
	move := db.NewUpdate().Model(&row).ModelTableExpr("? AS cursor_row", table).WherePK().Where("position = ?", from.Position).Where("event_id = ?", idText(from.Event)).Exec
	if from == (event.Cursor{}) { // as a rule there is no row yet
		move = db.NewInsert().Model(&row).ModelTableExpr("? AS cursor_row", table).On("CONFLICT (name) DO UPDATE").
			Set("position = EXCLUDED.position").Set("event_id = EXCLUDED.event_id").
			Where("cursor_row.position = ? AND cursor_row.event_id = ''", from.Position).Exec
	}
	res, err := move(ctx)
	if err != nil {
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	}
	switch n, err := res.RowsAffected(); {
	case err != nil:
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	case n == 0:
		return fmt.Errorf("%w: %q", ErrMoved, name)
	}
	return nil
}

func idText(id event.ID) string {
	if id == (event.ID{}) {
		return ""
	}
	return id.String()
}
