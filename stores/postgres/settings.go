package postgres

import "context"

// Settings is what a store found out about its database.
type Settings struct {
	Version           string // of PostgreSQL, "15.6"
	Fsync             bool
	FullPageWrites    bool
	SynchronousCommit string // of the store's connections
	Isolation         string // that transactions have by default
	Standby           bool
	Durability        string // what an acknowledged append survives, in words
}

// Settings reads the settings that appends work under, and says what they mean.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	if err := s.enter(ctx); err != nil {
		return Settings{}, err
	}
	defer s.life.leave()
	var set Settings
	dest := []any{&set.Version, &set.Fsync, &set.FullPageWrites, &set.SynchronousCommit, &set.Isolation, &set.Standby}
	err := queryRow(ctx, s.pooled(), dest, `SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('fsync')::boolean,
	current_setting('full_page_writes')::boolean, current_setting('synchronous_commit'), current_setting('default_transaction_isolation'), pg_is_in_recovery()`)
	if err != nil {
		return Settings{}, s.failed("read the settings", err)
	}
	switch {
	case set.Standby:
		set.Durability = "nothing: a standby takes no appends"
	case !set.Fsync || !set.FullPageWrites:
		set.Durability = "a killed server process; when the power fails the database may be damaged"
	case set.SynchronousCommit == "off":
		set.Durability = "a killed client; the last commits may be lost, and their positions given out again, when the server ends other than in order"
	default:
		set.Durability = "a killed server process and a power failure"
	}
	return set, nil
}
