package readmodel

import _ "embed"

// RolesSQL gives the roles bank_owner, bank_writer and bank_reader of a PostgreSQL server what each
// needs of the tables of the read models.
//
//go:embed roles.sql
var RolesSQL string
