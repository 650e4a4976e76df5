package server

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// CPU returns how long the processes of the server have been on a CPU, except those that have
// ended, and workers, which end when they like. It is zero where that can't be told: the server may be on another machine.
func (s *Server) CPU() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil {
		return 0
	}
	ctx := context.Background()
	if s.asks == nil {
		var err error
		if s.asks, err = pgx.Connect(ctx, s.direct); err != nil {
			return 0
		}
	}
	rows, err := s.asks.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type NOT LIKE '%worker'")
	if err != nil {
		return 0
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return 0
	}
	var all time.Duration
	for _, pid := range pids {
		all += onCPU(pid)
	}
	return all
}

// onCPU returns how long a process has been on a CPU, as Linux counts it.
func onCPU(pid int) (d time.Duration) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(text), &d); err != nil {
		return 0
	}
	return d
}
