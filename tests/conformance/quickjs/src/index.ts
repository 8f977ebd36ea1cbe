// The cases of both engines in ../typescript, on the engine QuickJS.

import "../../typescript/src/common.ts";
