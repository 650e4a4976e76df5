package postgresfx_test

import (
	"errors"
	"os"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgresfx"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

func TestModule(t *testing.T) {
	var store *postgres.Store
	var port eventstore.Store
	var db bunstore.Database
	var checkpoints checkpoint.Store
	app := fxtest.New(t, postgresfx.Module, fx.NopLogger,
		fx.Supply(postgresfx.Config{URL: postgrestest.Database(t), Migrate: true}), fx.Populate(&store, &port, &db, &checkpoints))
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
	var store *postgres.Store
	app := fx.New(postgresfx.Module, fx.NopLogger, fx.Supply(postgresfx.Config{URL: postgrestest.Database(t)}), fx.Populate(&store))
	if err := app.Start(t.Context()); !errors.Is(err, postgres.ErrSchemaMissing) {
		t.Errorf("started: %v", err)
	}
	if _, err := store.Head(t.Context()); !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Errorf("the store was left open: %v", err)
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	app := fx.New(postgresfx.Module, fx.NopLogger, fx.Supply(postgresfx.Config{URL: "postgres://127.0.0.1:1/x"}), fx.Invoke(func(*postgres.Store) {}))
	if !errors.Is(app.Err(), postgres.ErrUnreachable) {
		t.Error(app.Err())
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	app := fx.New(postgresfx.Module, fx.NopLogger, fx.Invoke(func(*postgres.Store) {}),
		fx.Supply(postgresfx.Config{URL: postgrestest.Database(t) + "&synchronous_commit=off", Store: postgres.Config{Strict: true}}))
	if !errors.Is(app.Err(), postgres.ErrSettings) {
		t.Error(app.Err())
	}
}
