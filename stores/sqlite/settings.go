package sqlite

import "context"

// Settings is what a store found out about its database.
type Settings struct {
	Version     string // of SQLite
	JournalMode string // "wal"
	Synchronous Synchronous
	Durability  string // what an acknowledged append survives, in words
}

// Settings reads the settings that the writer works under, and says what they mean.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	if err := s.life.enter(ctx); err != nil {
		return Settings{}, err
	}
	defer s.life.leave()
	if err := s.writer.take(ctx); err != nil {
		return Settings{}, s.failed("read the settings", err)
	}
	defer s.writer.release()
	var set Settings
	var level int
	err := s.writer.conn.Conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&set.Version)
	if err == nil {
		err = s.writer.conn.Conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&set.JournalMode)
	}
	if err == nil {
		err = s.writer.conn.Conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level)
	}
	if err != nil {
		return Settings{}, s.failed("read the settings", err)
	}
	set.Synchronous = Normal
	switch {
	case level == 0:
		set.Durability = "nothing: the database is removed when the store is closed"
	case level == 1:
		set.Durability = "a killed process; the last commits may be lost when the power fails"
	default:
		set.Synchronous = Full
		set.Durability = "a killed process and a power failure"
	}
	return set, nil
}
