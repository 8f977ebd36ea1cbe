// The time of a fake run. It goes on only when the test waits, and then at once.

/** Ends a test whose timeout has passed. A test that catches it does not get further. */
export class TimeUp extends Error {}

/** When the first run begins, in seconds since the Unix epoch. */
const EPOCH = 1_800_000_000;

export class FakeClock {
  /** Milliseconds since the run began. */
  elapsedMs = 0;
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Seconds since the Unix epoch. */
  now(): number {
    return EPOCH + this.elapsedMs / 1000;
  }

  leftMs(): number {
    return Math.max(0, this.#limitMs - this.elapsedMs);
  }

  /**
   * Moves to a moment that is not before this one. If the test's timeout ends by then, so does the test, with a message
   * that says what it was doing.
   */
  moveTo(moment: number, doing: string) {
    this.elapsedMs = Math.min(Math.max(moment, this.elapsedMs), this.#limitMs);
    if (moment >= this.#limitMs) {
      throw new TimeUp(`timed out after ${this.#limitMs}ms ${doing}`);
    }
  }
}
