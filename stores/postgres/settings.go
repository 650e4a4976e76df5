package postgres

import (
	"context"
	"strconv"
	"strings"
)

// Settings is what a store found out about its database, and what that means.
type Settings struct {
	Version             string // of PostgreSQL, "15.6"
	VersionNumber       int    // the same to compare, 150006
	Fsync               bool
	FullPageWrites      bool
	SynchronousCommit   string // of the store's connections
	SynchronousStandbys string // that commits wait for, as the server names them; empty is none
	Isolation           string // that transactions have by default
	ReadOnly            bool   // transactions are by default
	Standby             bool
	Pooler              bool // the connections lead to a pooler in transaction mode

	// Durability is what an acknowledged append survives, in words.
	Durability string

	// Problems are the settings under which the store keeps less than it promises; see
	// [Config.Strict].
	Problems []Problem
}

// Settings reads the settings that appends work under, and says what they mean. They are those of
// now: a server can be given others while the store is open.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	if err := s.enter(ctx); err != nil {
		return Settings{}, err
	}
	defer s.life.Leave()
	set, err := s.settings(ctx)
	return set, failed("read the settings", err)
}

// settingsText asks as text, which is the same in every mode of the protocol.
const settingsText = `SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('server_version_num'),
	current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
	current_setting('default_transaction_isolation'), current_setting('default_transaction_read_only'), pg_is_in_recovery()::text, pg_backend_pid()::text`

func (s *Store) settings(ctx context.Context) (Settings, error) {
	set, err := s.readSettings(ctx)
	set.Problems = s.problems(&set)
	return set, err
}

func (s *Store) readSettings(ctx context.Context) (set Settings, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return set, err
	}
	defer conn.Release()
	var number, fsync, pages, readOnly, standby, pid string
	if err := conn.QueryRow(ctx, settingsText).Scan(&set.Version, &number, &fsync, &pages, &set.SynchronousCommit, &set.SynchronousStandbys,
		&set.Isolation, &readOnly, &standby, &pid); err != nil {
		return set, err
	}
	if set.VersionNumber, err = strconv.Atoi(number); err != nil {
		return set, err
	}
	set.SynchronousStandbys = strings.TrimSpace(set.SynchronousStandbys)
	set.Fsync, set.FullPageWrites = fsync == "on", pages == "on"
	set.ReadOnly, set.Standby = readOnly == "on", standby == "true"
	set.Durability = set.durability()
	if pid != pidOf(conn.Conn()) { // something stands between
		set.Pooler, err = sharesSessions(ctx, s.pool.Config().ConnConfig)
	}
	return set, err
}

func (set *Settings) durability() string {
	switch {
	case set.Standby:
		return "nothing: a standby takes no appends"
	case set.ReadOnly:
		return "nothing: transactions are read-only unless they say otherwise"
	case !set.Fsync || !set.FullPageWrites:
		return "a killed server process; when the power fails the database may be damaged"
	case set.SynchronousCommit == "off":
		return "a killed client; the last commits may be lost, and their positions given out again, when the server ends other than in order"
	case set.SynchronousStandbys != "" && set.SynchronousCommit != "local":
		return "a killed server process, a power failure, and the loss of the server if a standby takes over that commits waited for"
	}
	return "a killed server process and a power failure"
}
