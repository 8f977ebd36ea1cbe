// Running a case.

import type { Case } from "./case.js";
import type { Host } from "./host.js";
import { report } from "./report.js";
import { Test } from "./test.js";

/** Runs a case. Throws, or rejects with, the reason why it did not pass, as text. */
export function runCase(made: Case, host: Host): void | Promise<void> {
  const fails = (error: unknown): never => {
    throw report(error).toWellFormed();
  };
  let promise: void | Promise<void>;
  try {
    promise = made.run(new Test(host));
  } catch (error) {
    return fails(error);
  }
  if (typeof promise?.then === "function") {
    return promise.then(() => undefined, fails);
  }
}
