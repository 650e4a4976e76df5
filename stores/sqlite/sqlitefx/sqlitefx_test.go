package sqlitefx_test

import (
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/sqlite"
	"github.com/eventsource-go/eventsource/stores/sqlite/sqlitefx"
)

func TestModule(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	var store *sqlite.Store
	var port eventstore.Store
	var db bunstore.Database
	var checkpoints checkpoint.Store
	app := fxtest.New(t, sqlitefx.Module, fx.NopLogger,
		fx.Supply(sqlitefx.Config{Path: path, Migrate: true}), fx.Populate(&store, &port, &db, &checkpoints))
	app.RequireStart()
	if port != eventstore.Store(store) || db != bunstore.Database(store) {
		t.Error("the ports are not the store")
	}
	stream := event.StreamID{Category: "test", ID: "1"}
	draft := event.Draft{ID: event.NewID(), Type: "a", Schema: 1, Data: []byte("{}")}
	if _, err := port.Append(t.Context(), eventstore.Append{Stream: stream, Events: []event.Draft{draft}}); err != nil {
		t.Error(err)
	}
	if _, err := checkpoints.Load(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	app.RequireStop()
	if _, err := store.Head(t.Context()); !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Errorf("after the stop: %v", err)
	}
}

func TestAppDoesNotStartWithoutItsSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	var store *sqlite.Store
	app := fx.New(sqlitefx.Module, fx.NopLogger, fx.Supply(sqlitefx.Config{Path: path}), fx.Populate(&store))
	if err := app.Start(t.Context()); !errors.Is(err, sqlite.ErrSchemaMissing) {
		t.Errorf("started: %v", err)
	}
	if _, err := store.Head(t.Context()); !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Errorf("the store was left open: %v", err)
	}
}

func TestPathThatCantBeOpened(t *testing.T) {
	app := fx.New(sqlitefx.Module, fx.NopLogger, fx.Supply(sqlitefx.Config{Path: t.TempDir()}), fx.Invoke(func(*sqlite.Store) {}))
	if !errors.Is(app.Err(), sqlite.ErrCantOpen) {
		t.Error(app.Err())
	}
}
