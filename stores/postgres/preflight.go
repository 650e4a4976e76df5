package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Problem is a setting under which the store keeps less than it promises.
type Problem struct {
	Setting string // the server's name of it, such as "fsync", or that of a field of Config
	Value   string
	Means   string // for what is acknowledged, or for what works
}

func (p Problem) String() string { return p.Setting + " = " + p.Value + ": " + p.Means }

// ErrSettings is matched by every [SettingsError].
var ErrSettings = errors.New("settings of the database")

// SettingsError reports a database that [Open] refused.
type SettingsError struct{ Problems []Problem }

func (e *SettingsError) Error() string {
	var texts []string
	for _, p := range e.Problems {
		texts = append(texts, p.String())
	}
	return "postgres: " + ErrSettings.Error() + ": " + strings.Join(texts, "; ")
}

// Is matches [ErrSettings].
func (e *SettingsError) Is(target error) bool { return target == ErrSettings }

// oldest is the version of PostgreSQL that the feed needs: before it, to ask when statistics began
// may take the server milliseconds, and each page asks.
const oldest = 150000

// preflight looks at the database before anything else does. What is wrong with it is told, or is
// an error.
func (s *Store) preflight(ctx context.Context, connString string, listen *pgx.ConnConfig) error {
	set, err := s.readSettings(ctx)
	if err != nil {
		return failed("read the settings", err)
	}
	if set.Pooler && !saysHow(connString) {
		s.mode = pgx.QueryExecModeExec
	}
	switch s.cfg.ListenURL {
	case "-":
	case "":
		s.deaf = set.Pooler
	default: // whoever can't connect now tries again, and tells
		s.deaf, _ = sharesSessions(ctx, listen)
	}
	set.Problems = s.problems(&set)
	if set.VersionNumber < oldest {
		return &SettingsError{Problems: []Problem{set.tooOld()}}
	}
	if s.cfg.Strict && len(set.Problems) > 0 {
		return &SettingsError{Problems: set.Problems}
	}
	for _, p := range set.Problems {
		s.cfg.Log.Warn("a setting of the database keeps less than the store promises", "setting", p.Setting, "value", p.Value, "means", p.Means)
	}
	return nil
}

func (set *Settings) tooOld() Problem {
	return Problem{"server_version", set.Version, "the store needs PostgreSQL 15 or later"}
}

// problems returns what is wrong with settings.
func (s *Store) problems(set *Settings) []Problem {
	var found []Problem
	for _, check := range []struct {
		wrong          bool
		setting, value string
		means          string
	}{
		{set.VersionNumber < oldest, "server_version", set.Version, set.tooOld().Means},
		{set.Standby, "pg_is_in_recovery", "true", "a standby takes no appends, and has no feed"},
		{
			!set.Fsync, "fsync", "off",
			"what is acknowledged is lost when the machine ends other than in order, and the database may be damaged",
		},
		{!set.FullPageWrites, "full_page_writes", "off", "when the machine ends in the middle of a write the database may be damaged"},
		{
			set.SynchronousCommit == "off", "synchronous_commit", "off",
			"what was acknowledged last is lost when the server ends other than in order, and its positions are given out again",
		},
		{set.ReadOnly, "default_transaction_read_only", "on", "appends are refused"},
		{
			set.Isolation != "read committed", "default_transaction_isolation", set.Isolation,
			"appends and transactions that lose a race are run again, where they would have waited",
		},
		{
			set.Pooler && prepares(s.mode), "default_query_exec_mode", strings.ReplaceAll(s.mode.String(), " ", "_"),
			"behind a pooler in transaction mode statements may meet a session in which they were not prepared; use exec",
		},
		{
			s.deaf, "ListenURL", "leads to a pooler in transaction mode",
			"other processes' appends are found by polling alone; give it a connection string that leads to the server",
		},
	} {
		if check.wrong {
			found = append(found, Problem{check.setting, check.value, check.means})
		}
	}
	return found
}

// prepares reports whether a mode expects to meet the same session twice.
func prepares(mode pgx.QueryExecMode) bool {
	return mode == pgx.QueryExecModeCacheStatement || mode == pgx.QueryExecModeDescribeExec
}
