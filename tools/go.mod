module github.com/eventsource-go/eventsource/tools

go 1.26
