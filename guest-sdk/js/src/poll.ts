// Polling until a condition holds.

import { type Duration, milliseconds } from "./duration.js";
import { Failure } from "./errors.js";
import type { Host } from "./host.js";
import { brief } from "./report.js";
import { shownDuration } from "./shown.js";

/** The first pause in milliseconds. It is short because most systems are ready at the second attempt. */
const FIRST_PAUSE_MS = 10;

/** The longest pause in milliseconds, which limits how late a success is noticed. */
const LONGEST_PAUSE_MS = 500;

/**
 * Calls `attempt` until it succeeds or the time is up, with pauses that double. The last attempt is at the end of the
 * time, so none of it is wasted.
 */
export function poll<T>(host: Host, within: Duration, attempt: () => T): T {
  const pauses = new Pauses(host, within);
  for (;;) {
    let value: T;
    try {
      value = attempt();
    } catch (error) {
      pauses.next(error);
      continue;
    }
    return isPromise(value) ? (pollLater(pauses, value, attempt as () => Promise<unknown>) as T) : value;
  }
}

/** Continues to poll after an attempt has returned a promise. */
async function pollLater(pauses: Pauses, first: Promise<unknown>, attempt: () => Promise<unknown>): Promise<unknown> {
  let value = first;
  for (;;) {
    try {
      return await value;
    } catch (error) {
      pauses.next(error);
    }
    // An attempt that throws before it returns a promise has failed, too.
    value = (async () => attempt())();
  }
}

class Pauses {
  readonly #host: Host;
  readonly #withinMs: number;
  readonly #end: number;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(host: Host, within: Duration) {
    this.#host = host;
    this.#withinMs = milliseconds(within);
    this.#end = host.clock.elapsed() * 1000 + this.#withinMs;
  }

  /** Waits before the next attempt, or throws if the time is up. */
  next(error: unknown) {
    const leftMs = this.#end - this.#host.clock.elapsed() * 1000;
    if (leftMs <= 0) {
      const failure = new Failure("not-eventually", `${brief(error)}, still so after ${shownDuration(this.#withinMs)}`);
      throw failure;
    }
    this.#host.clock.sleep(Math.ceil(Math.min(this.#pauseMs, leftMs)));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}
