package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// database is the URL of one for the examples.
var database string

func TestMain(m *testing.M) {
	code := postgrestest.Main(func() int {
		var drop func() error
		var err error
		if database, drop, err = postgrestest.Create(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		if err := drop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	})
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
