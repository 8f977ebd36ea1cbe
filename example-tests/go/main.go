// The example pipeline, tested from Go. Each case has its own file.
package main

func main() {} // The host calls the cases.

// user is the content of this suite's events and deliveries.
type user struct {
	ID    string `json:"id,omitempty"`
	Type  string `json:"type,omitempty"`
	Email string `json:"email"`
}
