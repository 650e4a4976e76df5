package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// fence knows up to which position nothing can appear any more: each is the position of an event
// that is committed, or of none for ever. See "the gap fence" in docs/adr.
//
// A transaction that inserts events holds a lock on their table from before it draws its first
// position until after its commit is visible. So whoever may still fill a hole holds that lock,
// and nobody else counts. Each look reads the sequence's ceiling first and the holders
// afterwards, by which everybody who drew up to the ceiling either is a holder or has ended.
type fence struct {
	mu      sync.Mutex
	server  int64            // the life of it that what is below is true of; 0 is none yet
	ceiling int64            // of the last look
	floors  map[string]int64 // of each holder of the last look: it may fill positions above, none up to here
	settled int64            // nothing appears up to here

	hole  int64 // where the feed stood when it last stood
	since time.Time
}

// holder is a transaction that may still fill holes.
type holder struct {
	id          string // of the virtual transaction
	prepared    bool   // and so has no process
	pid         int
	application string // or the name of the prepared transaction
	begun       *time.Time
	floor       int64
}

// lifeText tells a life of the server from those before. When one of its processes is killed, the
// others begin anew under the same postmaster: transactions go by names that others had, and
// positions that it had not logged are given out again. Statistics do not outlast that, and the
// time at which they began is there for everybody to read.
const lifeText = `(SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint + coalesce((extract(epoch FROM stats_reset) * 1000000)::bigint, 0) FROM pg_stat_bgwriter)`

const ceilingText = `SELECT CASE WHEN q.is_called THEN q.last_value ELSE q.last_value - 1 END, ` + lifeText + `, pg_is_in_recovery(),
	(SELECT seqcache = 1 AND seqincrement = 1 AND NOT seqcycle FROM pg_sequence WHERE seqrelid = '{events_position_seq}'::regclass),
	EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = '{events}'::regclass)
FROM {events_position_seq} AS q`

// A prepared transaction has no pid; of the locks on transaction ids, one is on its own, by which
// its name is found. A table of the same number may be in another database.
const holdersText = `SELECT l.virtualtransaction, l.pid IS NULL, coalesce(l.pid, 0), coalesce(a.application_name, x.gid, ''), coalesce(a.xact_start, x.prepared), ` + lifeText + `
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
	LEFT JOIN LATERAL (SELECT p.gid, p.prepared FROM pg_locks t JOIN pg_prepared_xacts p ON p.transaction = t.transactionid
		WHERE l.pid IS NULL AND t.virtualtransaction = l.virtualtransaction AND t.locktype = 'transactionid' LIMIT 1) AS x ON true
WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted AND l.relation = '{events}'::regclass
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// look finds out how far things are settled, and returns who is in the way of more.
func (s *Store) look(ctx context.Context) ([]holder, error) {
	f := &s.fence
	f.mu.Lock()
	defer f.mu.Unlock()
	ceiling, server, err := s.readCeiling(ctx)
	if err != nil {
		return nil, err
	}
	holders, again, err := s.readHolders(ctx)
	if err != nil {
		return nil, err
	}
	if again == 0 { // nobody, and so no row
		again = server
	}
	f.take(ceiling, server, again, holders)
	return holders, nil
}

// take draws the conclusions of a look: a ceiling, and holders that were read afterwards.
func (f *fence) take(ceiling, server, again int64, holders []holder) {
	if server != f.server || server != again || ceiling < f.ceiling {
		// Another server, or one that lost its memory, may give the same names to others, and the
		// same positions again.
		f.server, f.ceiling, f.floors, f.settled = again, 0, nil, 0
	}
	if server != again {
		return // the ceiling is that of the server before
	}
	now := make(map[string]bool, len(holders))
	for _, h := range holders {
		now[h.id] = true
	}
	// Whoever prepares its transaction goes by another name from then on.
	renamed := f.ceiling
	for id, floor := range f.floors {
		if !now[id] {
			renamed = min(renamed, floor)
		}
	}
	horizon, floors := ceiling, make(map[string]int64, len(holders))
	for i := range holders {
		h := &holders[i]
		switch floor, known := f.floors[h.id]; {
		case known:
			h.floor = floor
		case h.prepared:
			h.floor = renamed
		default: // it came after the last look, and so drew nothing up to that ceiling
			h.floor = f.ceiling
		}
		floors[h.id] = h.floor
		horizon = min(horizon, h.floor)
	}
	f.ceiling, f.floors, f.settled = ceiling, floors, max(f.settled, horizon)
}

func (s *Store) readCeiling(ctx context.Context) (ceiling, server int64, err error) {
	var recovering, subscribes bool
	var oneByOne *bool
	dest := []any{&ceiling, &server, &recovering, &oneByOne, &subscribes}
	if err := queryRow(ctx, s.pooled(), dest, s.text.ceiling); err != nil {
		return 0, server, err
	}
	switch {
	case recovering:
		err = &FeedRefusedError{Reason: "the server is a standby, where the locks of who appends can't be seen"}
	case subscribes:
		err = &FeedRefusedError{Reason: "the events arrive by logical replication, which does not keep their order"}
	case oneByOne == nil || !*oneByOne:
		err = &FeedRefusedError{Reason: "the sequence of positions has a cache, another increment than 1, or a cycle"}
	}
	return ceiling, server, err
}

func (s *Store) readHolders(ctx context.Context) (holders []holder, server int64, err error) {
	rs, err := s.pooled().query(ctx, s.text.holders)
	if err != nil {
		return nil, server, err
	}
	defer rs.Close()
	for rs.Next() {
		var h holder
		if err := rs.Scan(&h.id, &h.prepared, &h.pid, &h.application, &h.begun, &server); err != nil {
			return nil, server, err
		}
		holders = append(holders, h)
	}
	rs.Close()
	return holders, server, rs.Err()
}

// known returns the life of the server that the fence knows of, 0 if it knows none, and up to
// where things are settled there.
func (f *fence) known() (server, settled int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.server, f.settled
}

// advance tells of events that follow each other without a hole.
func (f *fence) advance(server, from, until int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if server == f.server && from <= f.settled {
		f.settled = max(f.settled, until)
	}
}

// stands returns since when the feed has stood at a hole.
func (f *fence) stands(hole int64, now time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hole != hole || f.since.IsZero() {
		f.hole, f.since = hole, now
	}
	return f.since
}

// cause names the oldest of those who may still fill a hole.
func cause(hole int64, holders []holder, now time.Time) string {
	var oldest *holder
	for i := range holders {
		h := &holders[i]
		if h.floor < hole && (oldest == nil || h.begun != nil && (oldest.begun == nil || h.begun.Before(*oldest.begun))) {
			oldest = h
		}
	}
	text := fmt.Sprintf("position %d may still be filled by ", hole)
	if oldest == nil {
		return text + "a transaction that has just ended"
	}
	if oldest.prepared {
		text += fmt.Sprintf("the prepared transaction %q", oldest.application)
	} else {
		text += fmt.Sprintf("the transaction of pid %d, application %q", oldest.pid, oldest.application)
	}
	if oldest.begun != nil {
		text += fmt.Sprintf(", open for %s", max(0, now.Sub(*oldest.begun)).Round(time.Millisecond))
	}
	return text
}
