module github.com/eventsource-go/eventsource/e2e

go 1.26.0
