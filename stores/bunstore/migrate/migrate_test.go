package migrate_test

import (
	"testing"
	"testing/fstest"

	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

func TestBadFilesAreRefused(t *testing.T) {
	sql := &fstest.MapFile{Data: []byte("SELECT 1")}
	for name, files := range map[string]fstest.MapFS{
		"none":      {},
		"no number": {"accounts.sql": sql},
		"no name":   {"0001.sql": sql},
		"gap":       {"0001_a.sql": sql, "0003_b.sql": sql},
		"double":    {"0001_a.sql": sql, "0001_b.sql": sql},
		"from 0":    {"0000_a.sql": sql},
		"other":     {"0001_a.sql": sql, "README.md": sql},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			migrate.New("test", files)
		})
	}
}
