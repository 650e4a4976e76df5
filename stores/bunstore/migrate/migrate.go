// Package migrate brings the tables of a database to the form that a program needs, by plain
// SQL files that are numbered, embedded and checksummed. The stores use it, and so can a
// service for its read models: every [Set] is kept apart from the others by its name.
package migrate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
)

// Migration is one file.
type Migration struct {
	Number     int    // counts from 1 without gaps
	Name       string // "events", of 0001_events.sql
	SQL        string
	Checksum   string // SHA-256 of the SQL, in hexadecimal
	Compatible bool   // a program that does not know it works on with it in place
}

// Set is the migrations of one component, in order.
type Set struct {
	Name       string
	Migrations []Migration

	prefix string // in place of es_; empty is es_
}

const defaultPrefix = "es_"

var prefixed = regexp.MustCompile(`\b` + defaultPrefix)

// WithPrefix returns the set with names that begin with prefix wherever its files, and the table
// that says which of them were applied, have es_. Checksums are still those of the files.
func (s Set) WithPrefix(prefix string) Set {
	migrations := slices.Clone(s.Migrations)
	for i := range migrations {
		migrations[i].SQL = prefixed.ReplaceAllLiteralString(migrations[i].SQL, prefix)
	}
	s.Migrations, s.prefix = migrations, prefix
	return s
}

// table returns the name of the table that says what was applied.
func (s Set) table() string { return cmp.Or(s.prefix, defaultPrefix) + "migrations" }

var fileName = regexp.MustCompile(`^([0-9]{4})_([a-z0-9_]+)\.sql$`)

// compatibleMark is the first line of a migration that older programs need not know.
const compatibleMark = "-- compatible"

// New returns the set of the files in dir, which are named like 0001_events.sql. A file whose
// first line is "-- compatible" leaves programs that do not know it working.
// It is for package variables: it panics if a name is bad or a number is missing.
func New(name string, files fs.FS) Set {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(fmt.Errorf("migrate: %s: %w", name, err))
	}
	set := Set{Name: name}
	for _, entry := range entries {
		m := fileName.FindStringSubmatch(entry.Name())
		text, err := fs.ReadFile(files, entry.Name())
		if m == nil || err != nil {
			panic(fmt.Errorf("migrate: %s: bad file %q: %w", name, entry.Name(), err))
		}
		number, _ := strconv.Atoi(m[1])
		if number != len(set.Migrations)+1 {
			panic(fmt.Errorf("migrate: %s: %q leaves a gap, or is double", name, entry.Name()))
		}
		first, _, _ := strings.Cut(string(text), "\n")
		sum := sha256.Sum256(text)
		set.Migrations = append(set.Migrations, Migration{
			Number: number, Name: m[2], SQL: string(text), Checksum: hex.EncodeToString(sum[:]),
			Compatible: strings.TrimSpace(first) == compatibleMark,
		})
	}
	if len(set.Migrations) == 0 {
		panic(fmt.Errorf("migrate: %s: no files", name))
	}
	return set
}

// What can be wrong with a schema. [SchemaError] matches one of them, and [ErrSchema].
var (
	ErrSchema  = errors.New("schema does not fit this program")
	ErrMissing = errors.New("migrations are missing: run Migrate")
	ErrNewer   = errors.New("the schema is newer than this program")
	ErrAltered = errors.New("a migration differs from the one that was applied")
)

// SchemaError reports a database that a program can't use as it is.
type SchemaError struct {
	Set    string
	Reason error  // [ErrMissing], [ErrNewer] or [ErrAltered]
	Detail string // which
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("schema %s: %v: %s", e.Set, e.Reason, e.Detail)
}

// Is matches [ErrSchema] and the reason.
func (e *SchemaError) Is(target error) bool { return target == ErrSchema || target == e.Reason }

type applied struct {
	bun.BaseModel `bun:"alias:applied"`

	Set        string `bun:"set_name,pk"`
	Number     int    `bun:"number,pk"`
	Name       string `bun:"name"`
	Checksum   string `bun:"checksum"`
	Compatible bool   `bun:"compatible"`
}

// Check returns a [SchemaError] if the migrations applied in db are not those of the set.
func (s Set) Check(ctx context.Context, db bun.IDB) error {
	rows, err := s.applied(ctx, db)
	if err != nil {
		return err
	}
	if err := s.compare(rows); err != nil {
		return err
	}
	if len(rows) < len(s.Migrations) {
		return &SchemaError{Set: s.Name, Reason: ErrMissing, Detail: s.Migrations[len(rows)].Name}
	}
	return nil
}

// Apply applies what is missing, in tx, which should be the only one of its kind at a time.
// It returns a [SchemaError] if what is applied is not of the set.
func (s Set) Apply(ctx context.Context, tx bun.Tx) error {
	// IF NOT EXISTS wants the right to create also where nothing is to be done.
	exists, err := tableExists(ctx, tx, s.table())
	if err != nil {
		return err
	}
	if !exists {
		if _, err := tx.NewCreateTable().Model((*applied)(nil)).ModelTableExpr("?", bun.Ident(s.table())).IfNotExists().Exec(ctx); err != nil {
			return fmt.Errorf("migrate %s: %w", s.Name, err)
		}
	}
	rows, err := s.applied(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.compare(rows); err != nil {
		return err
	}
	for _, m := range s.Migrations[min(len(rows), len(s.Migrations)):] {
		// tx.Tx takes the text as it is: a question mark in it is no placeholder.
		if _, err := tx.Tx.ExecContext(ctx, m.SQL); err != nil {
			return fmt.Errorf("migrate %s to %04d_%s: %w", s.Name, m.Number, m.Name, err)
		}
		row := &applied{Set: s.Name, Number: m.Number, Name: m.Name, Checksum: m.Checksum, Compatible: m.Compatible}
		if _, err := tx.NewInsert().Model(row).ModelTableExpr("?", bun.Ident(s.table())).Exec(ctx); err != nil {
			return fmt.Errorf("migrate %s: %w", s.Name, err)
		}
	}
	return nil
}

// applied returns the rows of the set. A database without the table has none.
func (s Set) applied(ctx context.Context, db bun.IDB) ([]applied, error) {
	var rows []applied
	exists, err := tableExists(ctx, db, s.table())
	if err != nil || !exists {
		return nil, err
	}
	if err := db.NewSelect().Model(&rows).ModelTableExpr("? AS applied", bun.Ident(s.table())).Where("set_name = ?", s.Name).Order("number").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", s.Name, err)
	}
	return rows, nil
}

func (s Set) compare(rows []applied) error {
	for i, row := range rows {
		switch {
		case i >= len(s.Migrations):
			if !row.Compatible {
				return &SchemaError{Set: s.Name, Reason: ErrNewer, Detail: fmt.Sprintf("%04d_%s", row.Number, row.Name)}
			}
		case row.Number != i+1 || row.Checksum != s.Migrations[i].Checksum:
			return &SchemaError{Set: s.Name, Reason: ErrAltered, Detail: fmt.Sprintf("%04d_%s", row.Number, row.Name)}
		}
	}
	return nil
}
