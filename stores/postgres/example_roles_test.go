package postgres_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/eventsource-go/eventsource/stores/postgres"
)

// An administrator runs the text, and lets the user of the program join the writers:
//
//	GRANT shop_writer TO shop;
func ExampleRolesSQL() {
	text, err := postgres.RolesSQL(postgres.Config{Schema: "shop"}, postgres.Roles{Owner: "shop_owner", Writer: "shop_writer", Reader: "shop_reader"})
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "GRANT INSERT") {
			fmt.Print(line)
		}
	}
	// Output:
	// GRANT INSERT (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data) ON "shop"."es_events" TO "shop_writer";
	// GRANT INSERT (tenant, category, stream, version, closed), UPDATE (version, closed) ON "shop"."es_streams" TO "shop_writer";
	// GRANT INSERT, UPDATE, DELETE ON "shop"."es_checkpoints" TO "shop_writer";
}
