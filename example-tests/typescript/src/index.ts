// The example pipeline, tested from TypeScript.

import "./smoke.ts";
import "./fan-out.ts";
import "./exactly-once.ts";
import "./counters.ts";
import "./server-made-id.ts";
import "./retries-delivery.ts";
import "./configured.ts";
import "./cleans-up.ts";
import "./analytics-node.ts";
