module orbital-conformance

go 1.25

require github.com/orbital-e2e/orbital/guest-sdk/go v0.1.0

replace github.com/orbital-e2e/orbital/guest-sdk/go => ../../../guest-sdk/go
