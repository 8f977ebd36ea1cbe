package orbital

import (
	"errors"
	"fmt"
)

// noSockets is the remedy for errors of Go packages that tried to connect.
const noSockets = "; a component has no sockets: send with t.SendEvent or t.Request, or give the client a transport of " +
	"package orbitalhttp"

// remedy returns the remedy for the errors among the values of a reason, or an empty string.
func remedy(values []any) string {
	for _, value := range values {
		if err, isError := value.(error); isError && isOfSockets(err) {
			return noSockets
		}
	}
	return ""
}

// isOfSockets returns whether an error is from a socket. It compares the name of the type, because importing package net
// would make every component larger.
func isOfSockets(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		switch fmt.Sprintf("%T", err) {
		case "*net.OpError", "*net.DNSError":
			return true
		}
	}
	return false
}
