package database

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// OnServer reports whether an address is that of a PostgreSQL server, postgres://host/name or
// postgresql://host/name. Any other is the path of a SQLite file.
func OnServer(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// InMemory is the path of a file that is none: what is in it ends with the program.
const InMemory = ":memory:"

// What an address may not be.
var (
	ErrNotAnAddress = errors.New("not a path, and no URL that begins with postgres://")
	ErrMalformedURL = errors.New("malformed URL of a PostgreSQL database")
	ErrWords        = errors.New("the server is named by words such as host=; write it as postgres://user@host/name")
)

// CheckAddress returns why there can be no database at an address: [ErrNotAnAddress],
// [ErrMalformedURL] or [ErrWords]. It looks at no file and asks no server, and never repeats the
// address, which may hold a password.
func CheckAddress(address string) error {
	scheme, _, isURL := strings.Cut(address, "://")
	switch {
	case OnServer(address):
		if _, err := pgxpool.ParseConfig(address); err != nil || strings.ContainsRune(address, 0) {
			return ErrMalformedURL
		}
		return nil
	case address == "" || strings.ContainsRune(address, 0), isURL && !strings.Contains(scheme, "/"), nearlyURL.MatchString(address):
		return ErrNotAnAddress
	case words.MatchString(address):
		return ErrWords
	}
	return nil
}

// What is no path either, or the file would have a password in its name.
var (
	nearlyURL = regexp.MustCompile(`(?i)^postgres(ql)?:|^[^/]*:[^/]*@`)
	words     = regexp.MustCompile(`(?i)\b(host|hostaddr|dbname|user|password)\s*=`) // as libpq takes them
)

// Redacted returns an address without the secrets that it may hold, to be shown.
func Redacted(address string) string {
	const hidden = "(not shown)"
	if !strings.Contains(address, "://") {
		if CheckAddress(address) != nil {
			return hidden
		}
		return address
	}
	u, err := url.Parse(address)
	// A password with a character that would have to be escaped may be anywhere.
	if err != nil || strings.Contains(u.Path, "@") || strings.Contains(u.RawQuery, "@") || u.Fragment != "" || u.Opaque != "" {
		return hidden
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}
