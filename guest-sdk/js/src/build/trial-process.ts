// The process of `trial.ts`: loads a bundle and says which cases it has, or why it cannot be loaded.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { report } from "../report.js";
import { refuseRandomBytes, watchRandom } from "./early-random.js";
import { hideGlobals } from "./hidden.js";
import type { TrialAnswer } from "./trial.js";

/** What neither engine has, and what QuickJS does not have. */
const ABSENT = ["process", "Buffer", "global", "setImmediate", "clearImmediate", "navigator", "WebSocket"];
const ABSENT_IN_QUICKJS = [
  ..."fetch Headers Request Response FormData Blob File URL URLSearchParams AbortController AbortSignal".split(" "),
  ..."Event EventTarget structuredClone ReadableStream WritableStream TransformStream WebAssembly Intl".split(" "),
  ..."BroadcastChannel MessageChannel CompressionStream DecompressionStream".split(" "),
];

const [, , folder, bundle, engine] = process.argv as [string, string, string, string, string];
const send = process.send!.bind(process);

// The bundle has this too, at its end, which an error does not reach.
Object.assign(globalThis, { [Symbol.for("orbital.places")]: JSON.parse(readFileSync(join(folder, "places.json"), "utf8")) });
hideGlobals(engine === "quickjs" ? [...ABSENT, ...ABSENT_IN_QUICKJS] : ABSENT);

const repeated = watchRandom();
if (engine === "starlingmonkey") {
  refuseRandomBytes();
}

let answer: TrialAnswer;
try {
  const { suite } = await import(pathToFileURL(bundle).href);
  answer = { cases: suite.cases().map(({ name }: { name: string }) => name), repeated: [...repeated] };
} catch (error) {
  answer = { error: report(error) };
}
send(answer);
