// `setTimeout` and its like for QuickJS, on the host's clock.

type Callback = (...values: unknown[]) => void;

interface Timer {
  id: number;
  due: number;
  period: number | undefined;
  call: () => void;
}

/** Timers that were set, and what is due first. Times are milliseconds, by the clock that it is made with. */
export class Timers {
  readonly #now: () => number;
  #timers: Timer[] = [];
  #lastId = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  set(callback: Callback, delay: unknown, isRepeated: boolean, values: unknown[]): number {
    if (typeof callback !== "function") {
      throw new TypeError("a timer calls a function");
    }
    const pause = Math.max(isRepeated ? 1 : 0, Number(delay) || 0);
    this.#lastId += 1;
    this.#add({
      id: this.#lastId,
      due: this.#now() + pause,
      period: isRepeated ? pause : undefined,
      call: () => callback(...values),
    });
    return this.#lastId;
  }

  clear(id: unknown) {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  /** How long it is until the next timer is due; undefined if there is none. */
  pause(): number | undefined {
    const [first] = this.#timers;
    return first && Math.max(0, first.due - this.#now());
  }

  /** Calls what is due first, and takes it away unless it is repeated. */
  fire() {
    const timer = this.#timers.shift();
    if (timer?.period !== undefined) {
      this.#add({ ...timer, due: Math.max(timer.due + timer.period, this.#now()) });
    }
    timer?.call();
  }

  /** After all that are due before it or at the same time. */
  #add(timer: Timer) {
    const index = this.#timers.findIndex(({ due }) => due > timer.due);
    this.#timers.splice(index === -1 ? this.#timers.length : index, 0, timer);
  }
}
