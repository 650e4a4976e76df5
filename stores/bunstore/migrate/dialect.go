package migrate

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// tableExists asks the catalogue, because a failed SELECT would end a PostgreSQL transaction.
func tableExists(ctx context.Context, db bun.IDB, table string) (bool, error) {
	query := db.NewSelect().ColumnExpr("count(*)")
	if db.Dialect().Name() == dialect.SQLite {
		query = query.Table("sqlite_schema").Where("type = 'table' AND name = ?", table)
	} else {
		query = query.Table("information_schema.tables").Where("table_schema = current_schema() AND table_name = ?", table)
	}
	var n int
	if err := query.Scan(ctx, &n); err != nil {
		return false, fmt.Errorf("look for table %s: %w", table, err)
	}
	return n > 0, nil
}
