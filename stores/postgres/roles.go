package postgres

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Roles are the roles of a log: groups, whose members log in. Each name matches
// ^[A-Za-z_][A-Za-z0-9_.@-]{0,62}$. The zero value names them after the log's prefix: es_owner,
// es_writer and es_reader. Roles belong to a whole server, so logs on it that not the same people
// may read need different names.
type Roles struct {
	Owner  string // migrates
	Writer string // appends, reads, and keeps checkpoints; can't change or remove an event
	Reader string // reads streams, the feed and checkpoints
}

//go:embed roles.sql
var rolesText string

var roleName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.@-]{0,62}$`)

// RolesSQL returns the statements that make the roles of the log that cfg names, and give each
// what it needs. It is plain SQL, to read and to run as an administrator of the database, after
// every Migrate.
//
// Errors: [ErrInvalidConfig].
func RolesSQL(cfg Config, roles Roles) (string, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return "", err
	}
	n := names{cfg.Schema, cfg.Prefix}
	parts, seen := map[string]string{"schema": pgx.Identifier{n.schema}.Sanitize()}, make(map[string]bool)
	for _, r := range []struct{ what, name string }{{"owner", roles.Owner}, {"writer", roles.Writer}, {"reader", roles.Reader}} {
		if r.name == "" {
			r.name = n.prefix + r.what
		}
		if !roleName.MatchString(r.name) || strings.HasPrefix(r.name, "pg_") || seen[r.name] {
			return "", fmt.Errorf("%w: the role of the %s must match %s, be another than the others, and not be PostgreSQL's own", ErrInvalidConfig, r.what, roleName)
		}
		seen[r.name] = true
		parts[r.what], parts[r.what+"_text"] = pgx.Identifier{r.name}.Sanitize(), "'"+r.name+"'"
	}
	return placeholder.ReplaceAllStringFunc(rolesText, func(of string) string {
		name := of[1 : len(of)-1]
		if part, ok := parts[name]; ok {
			return part
		}
		return n.table(name)
	}), nil
}
