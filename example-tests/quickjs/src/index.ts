// The cases of ../typescript, on the engine QuickJS.

import "../../typescript/src/smoke.ts";
import "../../typescript/src/fan-out.ts";
import "../../typescript/src/exactly-once.ts";
import "../../typescript/src/counters.ts";
import "../../typescript/src/server-made-id.ts";
import "../../typescript/src/retries-delivery.ts";
import "../../typescript/src/configured.ts";
import "../../typescript/src/cleans-up.ts";
