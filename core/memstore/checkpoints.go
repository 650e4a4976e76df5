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

func (c *Checkpoints) Load(ctx context.Context, name string) (event.Cursor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cursors[name], ctx.Err()
}

func (c *Checkpoints) Save(ctx context.Context, name string, cur event.Cursor) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	order, err := cur.Position.Compare(c.cursors[name].Position)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case order < 0:
		return checkpoint.ErrBehind
	}
	if c.cursors == nil {
		c.cursors = make(map[string]event.Cursor)
	}
	c.cursors[name] = cur
	return nil
}
