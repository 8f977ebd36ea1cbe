// The suite. Each case has its own file.

import "./ready.js";
// It needs a target: import it when [targets.api] in orbital.toml is your system.
// import "./smoke.js";
