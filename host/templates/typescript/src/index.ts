// The suite. Each case is in a file of its own.

import "./ready.ts";
// It needs a target: import it when [targets.api] in orbital.toml is yours.
// import "./smoke.ts";
