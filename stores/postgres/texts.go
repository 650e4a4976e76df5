package postgres

import "github.com/eventsource-go/eventsource/core/eventstore"

// texts are the store's statements, with its names filled in.
type texts struct {
	append           map[form]string
	guards           map[guard]string // that move a stream's row and nothing else
	insertAll        string
	state, placed    string
	lookup           string
	forward, back    string
	list             string
	tail, reach      string
	eventAt, head    string
	ceiling, holders string
}

// guard is how the row of a stream is moved.
type guard int

const (
	fromNothing guard = iota
	fromVersion
	fromSomething
	fromAnything
)

func guardOf(e eventstore.Expectation) guard {
	switch v, exact := e.Version(); {
	case exact && v == 0:
		return fromNothing
	case exact:
		return fromVersion
	case e == eventstore.StreamExists:
		return fromSomething
	}
	return fromAnything
}

// form is what an append statement looks like: its guard, and 0, 1 or many events.
type form struct {
	guard  guard
	events int
}

const many = 2

// guardTexts move the row of a stream, as events are inserted from what they return: no row is
// returned, and so no position drawn, if the expectation does not hold. The row is locked before
// a position is drawn, so the order of positions agrees with that of versions.
//
// $1 to $3 are tenant, category and stream, $4 how many events, $5 whether the stream ends, $6
// the version expected, or 0.
var guardTexts = map[guard]string{
	fromNothing: `INSERT INTO {streams} AS s (tenant, category, stream, version, closed)
	VALUES ($1, $2, $3, $6::bigint + $4::bigint, $5::boolean) ON CONFLICT DO NOTHING RETURNING s.version`,
	fromVersion: `UPDATE {streams} AS s SET version = s.version + $4::bigint, closed = $5::boolean
	WHERE s.tenant = $1 AND s.category = $2 AND s.stream = $3 AND s.version = $6::bigint AND NOT s.closed RETURNING s.version`,
	fromSomething: `UPDATE {streams} AS s SET version = s.version + $4::bigint, closed = $5::boolean
	WHERE s.tenant = $1 AND s.category = $2 AND s.stream = $3 AND s.version > $6::bigint AND NOT s.closed RETURNING s.version`,
	fromAnything: `INSERT INTO {streams} AS s (tenant, category, stream, version, closed)
	VALUES ($1, $2, $3, $6::bigint + $4::bigint, $5::boolean)
	ON CONFLICT (tenant, category, stream) DO UPDATE SET version = s.version + EXCLUDED.version, closed = EXCLUDED.closed
	WHERE NOT s.closed RETURNING s.version`,
}

const insertInto = `INSERT INTO {events} (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data)
	`

// Where the guard does not hold, the statement also says why, as its snapshot has it.
const whyNot = `, CASE WHEN NOT EXISTS (SELECT FROM g) THEN {why_not}($1, $2, $3, `

// appendTexts store what is added to one stream, or say why not, in one round trip: the version,
// and the first and the last position that the statement knows of.
var appendTexts = map[int]string{
	0: `SELECT (SELECT version FROM g), NULL::bigint,
	(SELECT position FROM {events} WHERE tenant = $1 AND category = $2 AND stream = $3 AND version = (SELECT version FROM g))` +
		whyNot + `'{}') END`,
	1: `, e AS (` + insertInto + `SELECT $8::uuid, $1::text, $2::text, $3::text, g.version, $9::text, $10::integer, $11::timestamptz, $7::timestamptz,
		NULLIF($12::text, '')::json, $13::json FROM g RETURNING position)
SELECT (SELECT version FROM g), NULL::bigint, (SELECT position FROM e)` +
		whyNot + `ARRAY[$8::uuid]) END`,
	many: `, e AS (` + insertInto + `SELECT x.id, $1::text, $2::text, $3::text, g.version - $4::bigint + x.ord, x.type, x.schema, x.occurred, $7::timestamptz,
		NULLIF(x.metadata, '')::json, x.data
	FROM g, unnest($8::uuid[], $9::text[], $10::integer[], $11::timestamptz[], $12::text[], $13::json[])
		WITH ORDINALITY AS x (id, type, schema, occurred, metadata, data, ord)
	ORDER BY x.ord RETURNING position)
SELECT (SELECT version FROM g), (SELECT min(position) FROM e), (SELECT max(position) FROM e)` +
		whyNot + `$8::uuid[]) END`,
}

func newTexts(n names) texts {
	t := texts{append: make(map[form]string), guards: make(map[guard]string)}
	for g, move := range guardTexts {
		t.guards[g] = n.in(move)
		for events, rest := range appendTexts {
			t.append[form{g, events}] = n.in("WITH g AS (" + move + ")" + rest)
		}
	}
	t.insertAll = n.in(insertInto + `SELECT x.id, $1::text, x.category, x.stream, x.version, x.type, x.schema, x.occurred, $2::timestamptz, NULLIF(x.metadata, '')::json, x.data
	FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::integer[], $9::timestamptz[], $10::text[], $11::json[])
		WITH ORDINALITY AS x (id, category, stream, version, type, schema, occurred, metadata, data, ord)
	ORDER BY x.ord RETURNING position`)
	t.state = n.in(`SELECT version, closed FROM {streams} WHERE tenant = $1 AND category = $2 AND stream = $3`)
	t.placed = n.in(`SELECT position FROM {events} WHERE tenant = $1 AND category = $2 AND stream = $3 AND version = $4`)
	t.lookup = n.in(`SELECT ` + recordColumns + ` FROM {events} WHERE event_id = ANY ($1::uuid[])`)
	read := `SELECT ` + eventColumns + ` FROM {events}
WHERE tenant = $1 AND category = $2 AND stream = $3 AND version > $4 AND version <= $5 AND occurred_at BETWEEN $6 AND $7
ORDER BY version`
	t.forward, t.back = n.in(read+` LIMIT $8`), n.in(read+` DESC LIMIT $8`)
	t.list = n.in(`SELECT stream, version, closed FROM {streams} WHERE tenant = $1 AND category = $2 AND stream > $3 ORDER BY stream LIMIT $4`)
	t.tail = n.in(`SELECT ` + recordColumns + `, ` + lifeText + ` FROM {events} WHERE position >= $1 ORDER BY position LIMIT $2`)
	t.reach = n.in(reachText)
	t.eventAt = n.in(`SELECT event_id FROM {events} WHERE position = $1`)
	t.head = n.in(`SELECT coalesce(max(position), 0) FROM {events} WHERE position <= $1`)
	t.ceiling, t.holders = n.in(ceilingText), n.in(holdersText)
	return t
}
