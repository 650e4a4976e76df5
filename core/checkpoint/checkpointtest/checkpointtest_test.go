package checkpointtest_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/checkpoint/checkpointtest"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/internal/verdict"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// handle is one of several stores on the same data, and breaks what it is told to.
type handle struct {
	*memstore.Checkpoints
	load func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error)
	save func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error
}

func (h *handle) Load(ctx context.Context, name string) (event.Cursor, error) {
	if h.load != nil {
		return h.load(ctx, h.Checkpoints, name)
	}
	return h.Checkpoints.Load(ctx, name)
}

func (h *handle) Save(ctx context.Context, name string, cur event.Cursor) error {
	if h.save != nil {
		return h.save(ctx, h.Checkpoints, name, cur)
	}
	return h.Checkpoints.Save(ctx, name, cur)
}

func again(_ testing.TB, s checkpoint.Store) checkpoint.Store {
	c := *s.(*handle)
	return &c
}

func forgets(testing.TB, checkpoint.Store) checkpoint.Store {
	return &handle{Checkpoints: new(memstore.Checkpoints)}
}

var features = checkpointtest.Features{Reopen: again, Second: again}

func TestSoundStorePasses(t *testing.T) {
	checkpointtest.Run(t, func(testing.TB) checkpoint.Store { return &handle{Checkpoints: new(memstore.Checkpoints)} }, features)
}

// cell is a store with one cursor and no opinion.
type cell struct {
	mu  sync.Mutex
	cur map[string]event.Cursor
}

func (c *cell) Load(ctx context.Context, name string) (event.Cursor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cur[name], errors.Join(ctx.Err(), checkpoint.ValidateName(name))
}

// put saves without a look at what is there.
func (c *cell) put(name string, cur event.Cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cur == nil {
		c.cur = make(map[string]event.Cursor)
	}
	c.cur[name] = cur
}

func TestBrokenStoresAreRejected(t *testing.T) {
	type saving = func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error
	type loading = func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error)
	for _, c := range []struct {
		name     string
		rejected string // the case that is meant for it
		load     loading
		save     saving
		features checkpointtest.Features
	}{
		{name: "absent is an error", rejected: "Load/AbsentIsZero", load: func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error) {
			cur, err := under.Load(ctx, name)
			if err == nil && cur == (event.Cursor{}) {
				err = errors.New("not found")
			}
			return cur, err
		}},
		{name: "loads in any context", rejected: "Load/CanceledContext", load: func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error) {
			return under.Load(context.WithoutCancel(ctx), name)
		}},
		{name: "forgets the event", rejected: "Save/KeepsPositionAndEvent", save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return under.Save(ctx, name, event.Cursor{Position: cur.Position})
		}},
		{name: "refuses the same again", rejected: "Save/SameAgain", save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			if was, err := under.Load(ctx, name); err == nil && was == cur && cur != (event.Cursor{}) {
				return checkpoint.ErrBehind
			}
			return under.Save(ctx, name, cur)
		}},
		{name: "swallows what is behind", rejected: "Save/NeverGoesBack", save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			if err := under.Save(ctx, name, cur); !errors.Is(err, checkpoint.ErrBehind) {
				return err
			}
			return nil
		}},
		{name: "saves in any context", rejected: "Save/CanceledContextChangesNothing", save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return under.Save(context.WithoutCancel(ctx), name, cur)
		}},
		{name: "saves, then looks at the context", rejected: "Save/CanceledContextChangesNothing", save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return errors.Join(under.Save(context.WithoutCancel(ctx), name, cur), ctx.Err())
		}},
		{name: "one for each tenant", rejected: "Save/TenantsDoNotMatter", save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return under.Save(ctx, event.MetadataFrom(ctx).Tenant+name, cur)
		}},
		{name: "folds case", rejected: "Name/EachItsOwn", load: func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error) {
			return under.Load(ctx, strings.ToLower(name))
		}, save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return under.Save(ctx, strings.ToLower(name), cur)
		}},
		{name: "trims names", rejected: "Name/EachItsOwn", load: func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error) {
			return under.Load(ctx, strings.TrimSpace(name))
		}, save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return under.Save(ctx, strings.TrimSpace(name), cur)
		}},
		{name: "takes any name", rejected: "Name/BadOnesAreRefused", load: func(ctx context.Context, under checkpoint.Store, name string) (event.Cursor, error) {
			return under.Load(ctx, strings.ToValidUTF8("x"+name, ""))
		}, save: func(ctx context.Context, under checkpoint.Store, name string, cur event.Cursor) error {
			return under.Save(ctx, strings.ToValidUTF8("x"+name, ""), cur)
		}},
		{name: "does not outlive its process", rejected: "Reopen/EverythingIsThere", features: checkpointtest.Features{Reopen: forgets}},
		{name: "hides from the second", rejected: "Second/HasTheSameData", features: checkpointtest.Features{Second: forgets}},
	} {
		if c.features.Reopen == nil && c.features.Second == nil {
			c.features = features
		}
		requireRejected(t, c.name, c.rejected, c.features, func(testing.TB) checkpoint.Store {
			return &handle{Checkpoints: new(memstore.Checkpoints), load: c.load, save: c.save}
		})
	}
}

func TestUnguardedStoresAreRejected(t *testing.T) {
	for _, c := range []struct {
		name     string
		rejected string
		save     func(c *cell, name string, cur event.Cursor) error
	}{
		{"the last one wins", "Save/NeverGoesBack", func(c *cell, name string, cur event.Cursor) error {
			c.put(name, cur)
			return nil
		}},
		{"compares texts", "Save/MovesOn", func(c *cell, name string, cur event.Cursor) error {
			if was := c.cur[name]; !was.Position.IsZero() && cur.Position.String() < was.Position.String() {
				return checkpoint.ErrBehind
			}
			c.put(name, cur)
			return nil
		}},
		{"one store is as good as another", "Save/PositionOfAnotherStoreIsRefused", func(c *cell, name string, cur event.Cursor) error {
			if order, err := cur.Position.Compare(c.cur[name].Position); err == nil && order < 0 {
				return checkpoint.ErrBehind
			}
			c.put(name, cur)
			return nil
		}},
		{"overwrites, and says so", "Save/NeverGoesBack", func(c *cell, name string, cur event.Cursor) error {
			was := c.cur[name]
			c.put(name, cur)
			if order, _ := cur.Position.Compare(was.Position); order < 0 {
				return checkpoint.ErrBehind
			}
			return nil
		}},
		{"one event is as good as another", "Save/AnotherEventIsRefused", func(c *cell, name string, cur event.Cursor) error {
			if _, err := checkpoint.Move(name, c.cur[name], cur); err != nil && !errors.Is(err, checkpoint.ErrDiverged) {
				return err
			}
			c.put(name, cur)
			return nil
		}},
		{"does not say which event", "Save/AnotherEventIsRefused", func(c *cell, name string, cur event.Cursor) error {
			moved, err := checkpoint.Move(name, c.cur[name], cur)
			if errors.Is(err, checkpoint.ErrDiverged) {
				return checkpoint.ErrDiverged
			}
			c.put(name, moved)
			return err
		}},
		{"forgets the event at its position", "Save/UnknownEventContradictsNothing", func(c *cell, name string, cur event.Cursor) error {
			_, err := checkpoint.Move(name, c.cur[name], cur)
			if err == nil {
				c.put(name, cur)
			}
			return err
		}},
		{"never learns the event", "Save/UnknownEventContradictsNothing", func(c *cell, name string, cur event.Cursor) error {
			moved, err := checkpoint.Move(name, c.cur[name], cur)
			if was := c.cur[name]; err == nil && moved.Position != was.Position {
				c.put(name, moved)
			}
			return err
		}},
		{"looks, and then saves", "Race/HighestStays", checkThenAct},
	} {
		requireRejected(t, c.name, c.rejected, checkpointtest.Features{}, func(testing.TB) checkpoint.Store {
			return &unguarded{save: c.save}
		})
	}
}

// unguarded is a store that looks before it saves, or not at all.
type unguarded struct {
	cell
	save func(c *cell, name string, cur event.Cursor) error
}

func (u *unguarded) Save(ctx context.Context, name string, cur event.Cursor) error {
	if err := errors.Join(ctx.Err(), checkpoint.ValidateName(name)); err != nil {
		return err
	}
	return u.save(&u.cell, name, cur)
}

// checkThenAct looks, lets others go first, and saves whatever they did.
func checkThenAct(c *cell, name string, cur event.Cursor) error {
	was, _ := c.Load(context.Background(), name)
	if order, err := cur.Position.Compare(was.Position); err != nil || order < 0 {
		return errors.Join(err, checkpoint.ErrBehind)
	}
	for range 1000 {
		if now, _ := c.Load(context.Background(), name); now != was {
			break
		}
		runtime.Gosched()
	}
	c.put(name, cur)
	return nil
}

func requireRejected(t *testing.T, name, rejected string, f checkpointtest.Features, open checkpointtest.Opener) {
	t.Helper()
	for _, c := range checkpointtest.Cases(f) {
		if c.Name != rejected {
			continue
		}
		said := verdict.Of(t, func(tb testing.TB) { c.Run(tb, open) })
		if said == "" {
			t.Errorf("a store that is broken (%s) passes %s", name, rejected)
		}
		return
	}
	t.Errorf("%s: there is no case %s", name, rejected)
}
