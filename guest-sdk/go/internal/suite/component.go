package suite

import "runtime"

// inComponent says whether this is built to be a component.
const inComponent = runtime.GOOS == "wasip1"
