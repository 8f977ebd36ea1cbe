// Loading the bundle before a component is made of it, in a process of Node. A component's modules are loaded when
// it is built, by the engine; what goes wrong then is told by it in terms of WebAssembly, and by this in the
// author's.

import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bundle } from "./bundle.js";
import { BUNDLE } from "./bundle.js";
import { BuildError } from "./error.js";
import type { EngineName } from "./project.js";

/** What the process says. */
export type TrialAnswer = Loaded | { error: string };

/** What is known of a suite that can be loaded. */
export interface Loaded {
  /** The names of its cases. */
  cases: string[];
  /** Where it takes random numbers while it is loaded, which are the same in every run. */
  repeated: string[];
}

/** A suite that is not loaded by then has a loop in it, or waits for something. */
const TIMEOUT_MS = 30_000;

/** Loads a suite. Throws what the suite throws. */
export async function tryToLoad({ code, places }: Bundle, engine: EngineName, folder: string): Promise<Loaded> {
  // There is no host here: its interfaces are empty.
  const alone = code.replaceAll(/ from "(orbital|wasi):[^"]*"/g, ' from "data:text/javascript,export const getRandomBytes = undefined"');
  await writeFile(join(folder, "places.json"), JSON.stringify(places));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "trial", BUNDLE), alone);

  const answer = await ask([folder, join(folder, "trial", BUNDLE), engine]);
  if ("error" in answer) {
    throw new BuildError("suite", `the suite cannot be loaded: ${answer.error}`);
  }
  if (answer.cases.length === 0) {
    throw new BuildError("suite", 'the suite has no cases; register one: test("smoke", { every: "1s" }, (t) => { … })');
  }
  return answer;
}

function ask(given: string[]): Promise<TrialAnswer> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("trial-process.js", import.meta.url)), given, {
      execArgv: [],
      timeout: TIMEOUT_MS,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let answer: TrialAnswer | undefined;
    child.on("message", (message) => {
      answer = message as TrialAnswer;
      child.kill();
    });
    child.on("error", (error) => resolve({ error: error.message }));
    child.on("close", (code, signal) => {
      const end = signal === null ? `its process ended with ${code}` : `it was not loaded within ${TIMEOUT_MS / 1000}s`;
      resolve(answer ?? { error: end });
    });
  });
}
