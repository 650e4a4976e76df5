package bunstoretest

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

// setOf returns a set of migrations with these texts.
func setOf(texts ...string) migrate.Set {
	files := fstest.MapFS{}
	for i, text := range texts {
		files["000"+string(rune('1'+i))+"_step.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return migrate.New("bunstoretest", files)
}

const (
	createT = "CREATE TABLE bunstoretest_t (a INTEGER)"
	insertT = "INSERT INTO bunstoretest_t VALUES (1); INSERT INTO bunstoretest_t VALUES (2)"
	insertU = "-- compatible\nINSERT INTO bunstoretest_t VALUES (3)"
)

func apply(t testing.TB, s Store, set migrate.Set) error {
	t.Helper()
	return s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error { return set.Apply(ctx, tx) })
}

func rowsOfT(t testing.TB, s Store) (n int) {
	t.Helper()
	if err := s.DB().NewSelect().Table("bunstoretest_t").ColumnExpr("count(*)").Scan(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func migrateOnce(t testing.TB, s Store) {
	if err := setOf(createT).Check(t.Context(), s.DB()); !errors.Is(err, migrate.ErrMissing) || !errors.Is(err, migrate.ErrSchema) {
		t.Errorf("before: %v", err)
	}
	for i, set := range []migrate.Set{setOf(createT), setOf(createT, insertT), setOf(createT, insertT)} {
		if err := apply(t, s, set); err != nil {
			t.Fatal(i, err)
		}
		if err := set.Check(t.Context(), s.DB()); err != nil {
			t.Error(i, err)
		}
	}
	if n := rowsOfT(t, s); n != 2 {
		t.Errorf("%d rows", n)
	}
}

func migrateFails(t testing.TB, s Store) {
	if err := apply(t, s, setOf(createT, "INSERT INTO bunstoretest_missing VALUES (1)")); err == nil {
		t.Error("it did not fail")
	}
	if err := apply(t, s, setOf(createT)); err != nil {
		t.Errorf("it left something: %v", err)
	}
}

func migrateRefuses(t testing.TB, s Store) {
	if err := apply(t, s, setOf(createT, insertT)); err != nil {
		t.Fatal(err)
	}
	for want, set := range map[error]migrate.Set{
		migrate.ErrNewer:   setOf(createT),
		migrate.ErrAltered: setOf(createT, insertT+" "),
	} {
		for name, err := range map[string]error{"apply": apply(t, s, set), "check": set.Check(t.Context(), s.DB())} {
			if schema, ok := errors.AsType[*migrate.SchemaError](err); !ok || !errors.Is(err, want) || schema.Detail != "0002_step" {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	if n := rowsOfT(t, s); n != 2 {
		t.Errorf("%d rows", n)
	}
}

func migrateCompatible(t testing.TB, s Store) {
	if err := apply(t, s, setOf(createT, insertT, insertU)); err != nil {
		t.Fatal(err)
	}
	older := setOf(createT, insertT)
	if err := errors.Join(older.Check(t.Context(), s.DB()), apply(t, s, older)); err != nil {
		t.Error(err)
	}
}
