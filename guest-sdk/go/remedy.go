package orbital

import (
	"errors"
	"fmt"
)

// noSockets is what helps where a package of Go's tried to connect.
const noSockets = "; a component has no sockets: send with t.SendEvent or t.Request, or give the client a transport of " +
	"package orbitalhttp"

// remedy returns what helps against the errors among the values of a reason; an empty text if nothing is known.
func remedy(values []any) string {
	for _, value := range values {
		if err, isError := value.(error); isError && isOfSockets(err) {
			return noSockets
		}
	}
	return ""
}

// isOfSockets says whether an error is that of a socket. By the name of its type: package net would make every component
// larger.
func isOfSockets(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		switch fmt.Sprintf("%T", err) {
		case "*net.OpError", "*net.DNSError":
			return true
		}
	}
	return false
}
