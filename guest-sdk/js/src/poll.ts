// Asking again until the answer is good.

import { type Duration, milliseconds } from "./duration.js";
import { Failure } from "./errors.js";
import type { Host } from "./host.js";
import { brief } from "./report.js";
import { shownDuration } from "./shown.js";

/** The first pause in milliseconds. Short, as most systems answer well at the second try. */
const FIRST_PAUSE_MS = 10;

/** The longest pause, which bounds how late a good answer is noticed. */
const LONGEST_PAUSE_MS = 500;

/**
 * Tries until it succeeds or the time is up, with pauses that double. The last try is at the end of the time,
 * so that none of it is wasted.
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

/** The same, once an attempt turned out to be asynchronous. */
async function pollLater(pauses: Pauses, first: Promise<unknown>, attempt: () => Promise<unknown>): Promise<unknown> {
  let value = first;
  for (;;) {
    try {
      return await value;
    } catch (error) {
      pauses.next(error);
    }
    // An attempt that throws at once is one that did not succeed, too.
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

  /** Waits before the next attempt, or gives up. */
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
