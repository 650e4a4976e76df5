//go:build !goexperiment.jsonv2

package bench

// JSON is the engine of encoding/json in this build.
const JSON = "v1"
