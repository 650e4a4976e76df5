package migrate

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// tableExists asks the catalogue, because a failed SELECT would end a PostgreSQL transaction; and
// not the information schema, which hides what may not be read.
func tableExists(ctx context.Context, db bun.IDB, table string) (bool, error) {
	query := db.NewSelect().ColumnExpr("count(*)")
	if db.Dialect().Name() == dialect.SQLite {
		query = query.Table("sqlite_schema").Where("type = 'table' AND name = ?", table)
	} else {
		query = query.Table("pg_catalog.pg_class").Where("relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname = ?", table)
	}
	var n int
	if err := query.Scan(ctx, &n); err != nil {
		return false, fmt.Errorf("look for table %s: %w", table, err)
	}
	return n > 0, nil
}
