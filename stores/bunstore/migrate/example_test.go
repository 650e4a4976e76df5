package migrate_test

import (
	"fmt"
	"testing/fstest"

	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

// A service's read models are a set of their own. Its files are embedded, as a rule:
//
//	//go:embed migrations/*.sql
//	var files embed.FS
//
// Apply runs in a transaction of the store's InTx, Check when the program starts.
func Example() {
	set := migrate.New("bank", fstest.MapFS{
		"0001_accounts.sql": {Data: []byte("CREATE TABLE bank_accounts (id TEXT PRIMARY KEY)")},
		"0002_index.sql":    {Data: []byte("-- compatible\nCREATE INDEX bank_accounts_id ON bank_accounts (id)")},
	})
	for _, m := range set.Migrations {
		fmt.Println(set.Name, m.Number, m.Name, m.Compatible)
	}
	// Output:
	// bank 1 accounts false
	// bank 2 index true
}
