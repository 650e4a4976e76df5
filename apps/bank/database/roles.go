package database

import (
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// RolesSQL returns the statements that make three roles on a PostgreSQL server, and give each what
// it needs of the tables of the bank: bank_owner migrates, bank_writer serves, bank_reader looks.
// They are for an administrator, after every migration; see [postgres.RolesSQL].
func RolesSQL() (string, error) {
	text, err := postgres.RolesSQL(postgres.Config{}, postgres.Roles{Owner: "bank_owner", Writer: "bank_writer", Reader: "bank_reader"})
	return text + readmodel.RolesSQL, err
}
