module github.com/eventsource-go/eventsource/stores/sqlite

go 1.26

replace (
	github.com/eventsource-go/eventsource/core => ../../core
	github.com/eventsource-go/eventsource/stores/bunstore => ../bunstore
)
