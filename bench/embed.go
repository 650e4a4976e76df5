package bench

import _ "embed"

// Goals is goals.json; see results.ReadGoals.
//
//go:embed goals.json
var Goals []byte
