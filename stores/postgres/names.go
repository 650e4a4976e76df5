package postgres

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// names is what the store's tables are called.
type names struct{ schema, prefix string }

var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,30}$`)

func (n names) validate() error {
	for what, name := range map[string]string{"schema": n.schema, "prefix": n.prefix} {
		if !identifier.MatchString(name) || strings.HasPrefix(name, "pg_") || name == "information_schema" {
			return fmt.Errorf("%w: %s must match %s, and not be PostgreSQL's own", ErrInvalidConfig, what, identifier)
		}
	}
	return nil
}

// table returns a name with its schema, as a part of SQL.
func (n names) table(name string) string {
	return pgx.Identifier{n.schema, n.prefix + name}.Sanitize()
}

// in fills a statement in: {events} becomes the table of that name.
func (n names) in(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string { return n.table(name[1 : len(name)-1]) })
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// hash tells one log's names from another's, where PostgreSQL has no room for them.
func (n names) hash() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(n.schema + "." + n.prefix)) // it never fails
	return h.Sum64()
}

// channel is where processes tell each other of appends.
func (n names) channel() string { return fmt.Sprintf("es_%016x", n.hash()) }
