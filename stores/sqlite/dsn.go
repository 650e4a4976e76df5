package sqlite

import (
	"net/url"
	"strings"
)

// memory is the path of a database that keeps nothing.
const memory = ":memory:"

// dsn names the file at path, whatever characters it has, and sets pragmas on each connection.
// Transactions that database/sql begins take the write lock at once, because one that reads first
// and writes later fails whenever somebody wrote in between, however long it would wait.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	if strings.HasPrefix(path, "/") {
		path = "//" + path // without an authority, which more slashes would be taken for
	}
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	return "file:" + escaped + "?" + q.Encode()
}
