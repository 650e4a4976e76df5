package sqlite

import (
	"context"
	"fmt"
)

// Settings is what a store found out about its database.
type Settings struct {
	Version     string // of SQLite
	JournalMode string // "wal"
	Synchronous string // "FULL", "NORMAL" or "OFF"
	Durability  string // what an acknowledged append survives, in words
}

// Settings reads the settings that the writer works under, and says what they mean.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	if err := s.enter(ctx); err != nil {
		return Settings{}, err
	}
	defer s.life.Leave()
	if s.isInside(ctx) {
		return Settings{}, fmt.Errorf("settings: %w", ErrInsideTx)
	}
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
	switch level {
	case 0:
		set.Synchronous, set.Durability = "OFF", "nothing: the database is removed when the store is closed"
	case 1:
		set.Synchronous, set.Durability = Normal.String(), "a killed process; the last commits may be lost when the power fails"
	default:
		set.Synchronous, set.Durability = Full.String(), "a killed process and a power failure"
	}
	return set, nil
}
