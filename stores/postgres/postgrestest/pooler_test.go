package postgrestest_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// Two connections through the pooler are one session of the server, one after the other, unless
// it is told to lend a session for longer.
func TestPoolerSharesSessions(t *testing.T) {
	at := postgrestest.Database(t)
	for setting, shared := range map[string]bool{"pool_mode=transaction": true, "pool_mode=session": false} {
		pooler, err := postgrestest.StartPooler(t.Context(), at, setting)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := pooler.Remove(); err != nil {
				t.Error(err)
			}
		})
		url, err := pooler.URL(at)
		if err != nil {
			t.Fatal(err)
		}
		var pids [2]int
		for i := range pids {
			if err := postgrestest.Connect(t, url+"&default_query_exec_mode=exec").QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pids[i]); err != nil {
				t.Fatal(err)
			}
		}
		if (pids[0] == pids[1]) != shared {
			t.Errorf("%s: sessions %d", setting, pids)
		}
	}
}
