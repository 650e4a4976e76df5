package main

import (
	"context"
	"fmt"
	"io"

	"github.com/eventsource-go/eventsource/apps/bank/database"
)

// printRoles is the command roles.
func printRoles(_ context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	if code, ok := parseFlags(newFlags("roles"), args, stdout, stderr); !ok {
		return code
	}
	if !database.OnServer(cfg.database) {
		fmt.Fprintln(stderr, "bankd roles: a file has no roles; set BANK_DATABASE to the postgres:// address of the bank")
		return exitFailed
	}
	text, err := database.RolesSQL()
	if err == nil {
		_, err = io.WriteString(stdout, text)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bankd roles: %v\n", err)
		return exitFailed
	}
	return exitOK
}
