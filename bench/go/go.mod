module github.com/orbital-e2e/orbital/bench/go

go 1.25
