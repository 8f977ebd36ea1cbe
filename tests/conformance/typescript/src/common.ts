// What every SDK must do, in TypeScript, on both engines. The table of what must come of it is in the black-box tests.

import "./events.ts";
import "./outcomes.ts";
import "./random.ts";
import "./reports.ts";
import "./waits.ts";
