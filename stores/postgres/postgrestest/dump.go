package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Dump returns what pg_dump says of a database, without comments and empty lines. Arguments are
// those of pg_dump, such as "--schema-only".
func Dump(tb testing.TB, of string, args ...string) string {
	tb.Helper()
	text, err := dump(tb.Context(), of, args)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func dump(ctx context.Context, of string, args []string) (string, error) {
	path, err := program("pg_dump")
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, path, append(args, "--dbname="+of)...).Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", fmt.Errorf("pg_dump: %w\n%s", err, e.Stderr)
		}
		return "", err
	}
	var text strings.Builder
	for line := range strings.Lines(string(out)) {
		// Newer ones begin and end with a random word, by a command of psql.
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "--") && !strings.HasPrefix(trimmed, `\`) {
			text.WriteString(line)
		}
	}
	return text.String(), nil
}
