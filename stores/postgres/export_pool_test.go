package postgres

// Acquired returns how many connections of the pool are in use.
func Acquired(s *Store) int { return int(s.pool.Stat().AcquiredConns()) }
