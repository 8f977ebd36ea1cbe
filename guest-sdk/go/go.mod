module github.com/orbital-e2e/orbital/guest-sdk/go

go 1.25
