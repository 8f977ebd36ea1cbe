package suite

import "runtime"

// inComponent is whether this is built as a component.
const inComponent = runtime.GOOS == "wasip1"
