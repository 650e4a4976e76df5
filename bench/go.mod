module github.com/eventsource-go/eventsource/bench

go 1.26
