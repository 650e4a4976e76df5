package server

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// trip returns how long the least statement usually takes from here.
func trip(ctx context.Context, url string) (time.Duration, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	took := make([]time.Duration, 101)
	for i := range took {
		start := time.Now()
		if _, err := conn.Exec(ctx, ";"); err != nil {
			return 0, err
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
