// The clock of a fake run. It advances only when the test waits, and then immediately.

/** Ends a test that timed out. A test that catches it cannot continue. */
export class TimeUp extends Error {}

/** The time when a run starts, in seconds since the Unix epoch. */
const EPOCH = 1_800_000_000;

export class FakeClock {
  /** The time since the run started, in milliseconds. */
  elapsedMs = 0;
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Returns the time in seconds since the Unix epoch. */
  now(): number {
    return EPOCH + this.elapsedMs / 1000;
  }

  leftMs(): number {
    return Math.max(0, this.#limitMs - this.elapsedMs);
  }

  /**
   * Advances the clock to this time. Throws if the test times out before, with a message that says what it was doing.
   */
  moveTo(moment: number, doing: string) {
    this.elapsedMs = Math.min(Math.max(moment, this.elapsedMs), this.#limitMs);
    if (moment >= this.#limitMs) {
      throw new TimeUp(`timed out after ${this.#limitMs}ms ${doing}`);
    }
  }
}
