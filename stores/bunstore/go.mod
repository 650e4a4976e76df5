module github.com/eventsource-go/eventsource/stores/bunstore

go 1.26

replace github.com/eventsource-go/eventsource/core => ../../core
