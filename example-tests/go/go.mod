module orbital-example-tests

go 1.25

require (
	github.com/orbital-e2e/orbital/guest-sdk/go v0.1.0
	github.com/segmentio/analytics-go/v3 v3.3.0
)

require (
	github.com/bmizerany/assert v0.0.0-20160611221934-b7ed37b82869 // indirect
	github.com/google/uuid v1.3.0 // indirect
	github.com/kr/pretty v0.3.1 // indirect
	github.com/segmentio/backo-go v1.0.0 // indirect
)

replace github.com/orbital-e2e/orbital/guest-sdk/go => ../../guest-sdk/go
