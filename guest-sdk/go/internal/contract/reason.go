package contract

// Reason names one of the contract's errors.
type Reason uint8

// The reasons: of expect-error, wait-error, send-error and metric-error, each once.
const (
	Timeout Reason = iota
	Taken
	InvalidKey
	InvalidReply
	NothingToWaitFor
	Overflow
	UnknownTarget
	InvalidRequest
	Unreachable
	TooLarge
	InvalidName
	InvalidLabel
	InvalidValue
	OtherKind
	TooManySeries
)
