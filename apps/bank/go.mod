module github.com/eventsource-go/eventsource/apps/bank

go 1.26.0

require (
	github.com/eventsource-go/eventsource/core v0.1.0
	github.com/google/uuid v1.6.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/uptrace/bun v1.3.0
	go.uber.org/fx v1.24.0
	go.uber.org/goleak v1.3.0
)
