// The promises of a suite. The build rewrites `async` functions to generators that use the global `Promise`, which
// is this one. QuickJS needs that, as it returns to the host without doing the jobs of its own promises; and with
// both engines it shows what their own promises hide: that one was rejected, and nothing awaited it.

type Job = () => void;
type Resolve<T> = (value: T | PromiseLike<T>) => void;
type Reject = (reason: unknown) => void;
type Executor<T> = (resolve: Resolve<T>, reject: Reject) => void;

/** What the engine calls a promise. */
const NativePromise = Promise;

/** Jobs that are to be done when what goes on has come to its end. */
export class Jobs {
  #queue: Job[] = [];
  #isDraining = false;

  /** Called when there is a first job: sees to it that `drain` is called. */
  schedule: () => void = () => {};

  add(job: Job) {
    this.#queue.push(job);
    if (this.#queue.length === 1 && !this.#isDraining) {
      this.schedule();
    }
  }

  /** Does all of them, and those that they add. */
  drain() {
    this.#isDraining = true;
    while (this.#queue.length > 0) {
      const queue = this.#queue;
      this.#queue = [];
      for (const job of queue) {
        job();
      }
    }
    this.#isDraining = false;
  }
}

/** The jobs of all promises. */
export const jobs = new Jobs();

/** Promises that were rejected and have nobody who handles that, with their reasons. */
export const unhandledRejections = new Map<object, unknown>();

/** The class `Promise` of the language. */
export class QueuedPromise<T> implements PromiseLike<T> {
  #state: "pending" | "fulfilled" | "rejected" = "pending";
  #value: unknown;
  #reactions: Job[] = [];
  #isHandled = false;

  constructor(executor: Executor<T>) {
    if (typeof executor !== "function") {
      throw new TypeError(`Promise resolver ${String(executor)} is not a function`);
    }
    const { resolve, reject } = this.#resolvers();
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): QueuedPromise<A | B> {
    this.#isHandled = true;
    unhandledRejections.delete(this);
    return new QueuedPromise<A | B>((resolve, reject) => {
      const react = () => {
        const handler = (this.#state === "fulfilled" ? onFulfilled : onRejected) as ((value: unknown) => A | B) | null;
        if (typeof handler !== "function") {
          return this.#state === "fulfilled" ? resolve(this.#value as A) : reject(this.#value);
        }
        try {
          resolve(handler(this.#value));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#state === "pending") {
        this.#reactions.push(react);
      } else {
        jobs.add(react);
      }
    });
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): QueuedPromise<T | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): QueuedPromise<T> {
    if (typeof onFinally !== "function") {
      return this.then();
    }
    return this.then(
      (value) => QueuedPromise.resolve(onFinally()).then(() => value),
      (reason) =>
        QueuedPromise.resolve(onFinally()).then(() => {
          throw reason;
        }),
    );
  }

  get [Symbol.toStringTag]() {
    return "Promise";
  }

  /** The two functions that settle it; only the first call of either counts. */
  #resolvers(): { resolve: Resolve<T>; reject: Reject } {
    let isResolved = false;
    const once = (act: (value: unknown) => void) => (value: unknown) => {
      if (!isResolved) {
        isResolved = true;
        act(value);
      }
    };
    return { resolve: once((value) => this.#resolve(value)), reject: once((reason) => this.#settle("rejected", reason)) };
  }

  #resolve(value: unknown) {
    if (value === this) {
      return this.#settle("rejected", new TypeError("a promise cannot be resolved with itself"));
    }
    if ((typeof value !== "object" && typeof value !== "function") || value === null) {
      return this.#settle("fulfilled", value);
    }
    let then: unknown;
    try {
      then = (value as { then?: unknown }).then;
    } catch (error) {
      return this.#settle("rejected", error);
    }
    if (typeof then !== "function") {
      return this.#settle("fulfilled", value);
    }
    jobs.add(() => {
      const { resolve, reject } = this.#resolvers();
      try {
        then.call(value, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(state: "fulfilled" | "rejected", value: unknown) {
    this.#state = state;
    this.#value = value;
    if (state === "rejected" && !this.#isHandled) {
      unhandledRejections.set(this, value);
    }
    for (const reaction of this.#reactions) {
      jobs.add(reaction);
    }
    this.#reactions = [];
  }

  /** The engine makes promises of its own, such as those of `fetch`. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return QueuedPromise.#isOne(value) || value instanceof NativePromise;
  }

  static #isOne(value: unknown): value is QueuedPromise<any> {
    return typeof value === "object" && value !== null && #state in value;
  }

  static resolve<T>(value?: T | PromiseLike<T>): QueuedPromise<T> {
    return QueuedPromise.#isOne(value) ? value : new QueuedPromise((resolve) => resolve(value as T));
  }

  static reject(reason: unknown): QueuedPromise<never> {
    return new QueuedPromise((_, reject) => reject(reason));
  }

  static withResolvers<T>() {
    let resolve!: Resolve<T>;
    let reject!: Reject;
    const promise = new QueuedPromise<T>((...both) => {
      [resolve, reject] = both;
    });
    return { promise, resolve, reject };
  }

  static try<T>(call: (...values: unknown[]) => T, ...values: unknown[]): QueuedPromise<Awaited<T>> {
    return new QueuedPromise((resolve) => resolve(call(...values) as Awaited<T>));
  }

  static all<T>(values: Iterable<T | PromiseLike<T>>): QueuedPromise<T[]> {
    return gather(values, (index, results, done, reject) => [(value) => done((results[index] = value as T)), reject]);
  }

  static allSettled<T>(values: Iterable<T | PromiseLike<T>>): QueuedPromise<PromiseSettledResult<T>[]> {
    return gather<T, PromiseSettledResult<T>>(values, (index, results, done) => [
      (value) => done((results[index] = { status: "fulfilled", value })),
      (reason) => done((results[index] = { status: "rejected", reason })),
    ]);
  }

  static any<T>(values: Iterable<T | PromiseLike<T>>): QueuedPromise<T> {
    return new QueuedPromise((resolve, reject) => {
      // The same as `all`, with the two ways to end exchanged.
      const reasons = gather<T, unknown>(values, (index, results, done) => [
        resolve,
        (reason) => done((results[index] = reason)),
      ]);
      reasons.then((reasons) => reject(new AggregateError(reasons, "all promises were rejected")), reject);
    });
  }

  static race<T>(values: Iterable<T | PromiseLike<T>>): QueuedPromise<T> {
    return new QueuedPromise((resolve, reject) => {
      for (const value of values) {
        QueuedPromise.resolve(value).then(resolve, reject);
      }
    });
  }
}

/** Waits for several promises; what each of them adds to the results, the caller says. */
function gather<T, R = T>(
  values: Iterable<T | PromiseLike<T>>,
  react: (
    index: number,
    results: R[],
    done: (result: unknown) => void,
    reject: Reject,
  ) => [onFulfilled: (value: T) => void, onRejected: Reject],
): QueuedPromise<R[]> {
  return new QueuedPromise((resolve, reject) => {
    const results: R[] = [];
    let left = 1;
    const done = () => {
      left -= 1;
      if (left === 0) {
        resolve(results);
      }
    };
    let index = 0;
    for (const value of values) {
      left += 1;
      QueuedPromise.resolve(value).then(...react(index, results, done, reject));
      index += 1;
    }
    // Counted from one, so that none is complete before all were looked at.
    done();
  });
}
