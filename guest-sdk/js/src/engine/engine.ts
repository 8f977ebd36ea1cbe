// What the two engines have to do differently.

import type { Host } from "../host.js";

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

/** What is said of a promise that was rejected while nobody looked. */
export function unhandled(reason: string): string {
  return `a promise was rejected, and nothing awaited it: ${reason}`;
}
