module github.com/eventsource-go/eventsource/e2e

go 1.26.0

replace (
	github.com/eventsource-go/eventsource/core => ../core
	github.com/eventsource-go/eventsource/stores/bunstore => ../stores/bunstore
	github.com/eventsource-go/eventsource/stores/sqlite => ../stores/sqlite
)
