// The example pipeline, tested from Go. Each case is in a file of its own.
package main

func main() {} // The host calls the cases.

// user is what events and deliveries of this suite are about.
type user struct {
	ID    string `json:"id,omitempty"`
	Type  string `json:"type,omitempty"`
	Email string `json:"email"`
}
