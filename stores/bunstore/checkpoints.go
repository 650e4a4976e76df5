package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Checkpoints keeps checkpoints in the table es_checkpoints, which the store's migrations make.
type Checkpoints struct{ db Database }

var _ checkpoint.Store = (*Checkpoints)(nil)

// NewCheckpoints returns the checkpoints in db.
func NewCheckpoints(db Database) *Checkpoints { return &Checkpoints{db: db} }

// Load implements [checkpoint.Store].
func (c *Checkpoints) Load(ctx context.Context, name string) (event.Cursor, error) {
	return loadCursor(ctx, c.db.DB(), name)
}

// Save implements [checkpoint.Store]. It takes a transaction of its own.
func (c *Checkpoints) Save(ctx context.Context, name string, cur event.Cursor) error {
	return c.db.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		kept, err := loadCursor(ctx, tx, name)
		if err != nil {
			return err
		}
		switch order, err := cur.Position.Compare(kept.Position); {
		case err != nil:
			return err
		case order < 0:
			return checkpoint.ErrBehind
		}
		return saveCursor(ctx, tx, name, cur)
	})
}

type cursorRow struct {
	bun.BaseModel `bun:"table:es_checkpoints"`

	Name      string         `bun:"name,pk"`
	Position  event.Position `bun:"position,type:text"`
	EventID   string         `bun:"event_id"` // as text; empty is none
	UpdatedAt int64          `bun:"updated_at"`
}

func loadCursor(ctx context.Context, db bun.IDB, name string) (cur event.Cursor, err error) {
	var row cursorRow
	switch err := db.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx); {
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
	}
	return cur, nil
}

func saveCursor(ctx context.Context, db bun.IDB, name string, cur event.Cursor) error {
	if err := event.ValidateName(name); err != nil {
		return fmt.Errorf("save checkpoint: name: %w", err)
	}
	row := cursorRow{Name: name, Position: cur.Position, UpdatedAt: time.Now().UnixMicro()}
	if cur.Event != (event.ID{}) {
		row.EventID = cur.Event.String()
	}
	_, err := db.NewInsert().Model(&row).On("CONFLICT (name) DO UPDATE").
		Set("position = EXCLUDED.position").Set("event_id = EXCLUDED.event_id").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("save checkpoint %q: %w", name, err)
	}
	return nil
}
