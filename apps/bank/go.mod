module github.com/eventsource-go/eventsource/apps/bank

go 1.26

require (
	github.com/eventsource-go/eventsource/core v0.1.0
	github.com/google/uuid v1.6.0
)
