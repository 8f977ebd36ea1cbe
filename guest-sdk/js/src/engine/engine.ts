// What the two engines have to do differently.

import type { Host } from "../host.js";
import { report } from "../report.js";
import { unhandledRejections } from "./promise.js";

/** How a run goes on one of the engines. */
export interface Engine {
  /** The host, so that this engine can call it with whatever an author says. */
  adapt(host: Host): Host;
  /** Does what a run does, to the end of what it began. The error is a text: the reason. */
  run(host: Host, body: () => void | Promise<void>): void | Promise<void>;
}

/** Why a test cannot go on that waits for nothing. */
export const NOTHING_PENDING =
  "the test awaits a promise that nothing will settle: no timer is set, and no request is under way";

/** Marks the run as failed for each promise that was rejected while nobody looked. */
export function failUnhandled(host: Host) {
  for (const reason of unhandledRejections.values()) {
    host.verdict.fail(`a promise was rejected, and nothing awaited it: ${report(reason)}`);
  }
  unhandledRejections.clear();
}

/** Calls what a timer is for. There is nobody to whom its error could go, so it marks the run as failed. */
export function callBack(host: Host | undefined, callback: () => void) {
  try {
    callback();
  } catch (error) {
    host?.verdict.fail(`a timer's function failed: ${report(error)}`);
  }
}
