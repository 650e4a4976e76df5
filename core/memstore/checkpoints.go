package memstore

import (
	"context"
	"sync"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
)

// Checkpoints keeps checkpoints in memory: for views in memory, which start anew with every process.
// The zero value is ready to use.
type Checkpoints struct {
	mu      sync.Mutex
	cursors map[string]event.Cursor
}

var _ checkpoint.Store = (*Checkpoints)(nil)

// Load implements [checkpoint.Store].
func (c *Checkpoints) Load(ctx context.Context, name string) (event.Cursor, error) {
	if err := usable(ctx, name); err != nil {
		return event.Cursor{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cursors[name], nil
}

// Save implements [checkpoint.Store].
func (c *Checkpoints) Save(ctx context.Context, name string, cur event.Cursor) error {
	if err := usable(ctx, name); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	moved, err := checkpoint.Move(name, c.cursors[name], cur)
	if err != nil {
		return err
	}
	if c.cursors == nil {
		c.cursors = make(map[string]event.Cursor)
	}
	c.cursors[name] = moved
	return nil
}

func usable(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return checkpoint.ValidateName(name)
}
