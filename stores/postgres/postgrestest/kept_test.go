package postgrestest_test

import (
	"os"
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestFolderLasts(t *testing.T) {
	dir, err := os.MkdirTemp("", "es-kept-") // that of a test is its user's alone
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"CREATE TABLE kept (b int)", "SELECT FROM kept"} {
		s, err := postgrestest.StartIn(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := postgrestest.Connect(t, s.URL).Exec(t.Context(), statement); err != nil {
			t.Error(err)
		}
		if _, err := postgrestest.StartIn(t.Context(), dir); err == nil {
			t.Error("two servers have the same data")
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if statement[0] == 'S' {
			err = s.Remove()
		}
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is left")
	}
}
