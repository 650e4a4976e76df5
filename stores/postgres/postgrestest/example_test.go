package postgrestest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// A test says url := postgrestest.Database(t), and the package has
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }
func Example() {
	ctx := context.Background()
	url, drop, err := postgrestest.Create(ctx) // where there is no test: a database, and what drops it
	if err != nil {
		log.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		log.Fatal(err)
	}
	var tables int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	fmt.Println(tables, err, conn.Close(ctx), drop())
	// Output: 0 <nil> <nil> <nil>
}
