// The cases on StarlingMonkey: those of both engines, and those of `fetch`.

import "./common.ts";
import "./clients.ts";
