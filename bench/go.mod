module github.com/eventsource-go/eventsource/bench

go 1.26

require (
	github.com/eventsource-go/eventsource/core v0.1.0
	github.com/google/uuid v1.6.0
	github.com/hallgren/eventsourcing v0.9.1
	github.com/hallgren/eventsourcing/core v0.5.2
	github.com/looplab/eventhorizon v0.17.0
	github.com/modernice/goes v0.9.0
)

require (
	github.com/jinzhu/copier v0.3.4 // indirect
	golang.org/x/exp v0.0.0-20231006140011-7918f672742d // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260414002931-afd174a4e478 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace (
	github.com/eventsource-go/eventsource/core => ../core
	github.com/eventsource-go/eventsource/stores/bunstore => ../stores/bunstore
	github.com/eventsource-go/eventsource/stores/sqlite => ../stores/sqlite
)
