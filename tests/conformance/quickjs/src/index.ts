// The cases of ../typescript, on the engine QuickJS.

import "../../typescript/src/index.ts";
