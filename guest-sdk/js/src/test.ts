// The current run.

import type { RunContext } from "orbital:test/context@0.1.0";
import { Delivery } from "./delivery.js";
import { brief, difference, inShort } from "./difference.js";
import { type Duration, milliseconds } from "./duration.js";
import { isEqual } from "./equal.js";
import { calling, ExpectError, Failure, MetricError, SendError, WaitError } from "./errors.js";
import { type Event, type Reply, type Request, toEvent, toReply, toRequest } from "./event.js";
import type { Host } from "./host.js";
import { Log } from "./log.js";
import { here } from "./place.js";
import { poll } from "./poll.js";
import { Receipt } from "./receipt.js";
import { shown, shownDuration } from "./shown.js";

export type { RunContext };

/** Labels of a metric, at most 8. */
export type Labels = Record<string, string>;

/**
 * The current run. A case uses it to send events, wait for deliveries, log and fail.
 *
 * Its methods are synchronous: until they return, promises, timers and `fetch` requests of the test do not progress. They
 * do not need `await`, and `Promise.all` runs them one after the other. To do several things concurrently, use `waitN`
 * and `sendEvents`.
 */
export class Test {
  /** The log of the run. */
  readonly log: Log;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    this.log = new Log(host);
  }

  /** Returns a new key that cannot be guessed, and that is unique among all runs. */
  newId(): string {
    return this.#host.deliveries.newId();
  }

  /**
   * Reserves a key for this run until the run ends. Waiting for a key, and sending an event with a key, also does this.
   * The replies, at most 32, are the webhook's responses to its deliveries, in order. Further deliveries get a 200.
   *
   * Throws an `ExpectError` if another run expects the key, or if the key or a reply is invalid.
   */
  expect(key: string, replies: readonly Reply[] = []) {
    const options = { replies: replies.map(toReply) };
    calling(ExpectError, () => this.#host.deliveries.expect(key, options));
  }

  /**
   * Waits for the next delivery with this key, and removes it from the queue. Without `within`, it waits until the run
   * times out, and the run then ends with outcome `timeout`. `"0ms"` does not wait.
   *
   * Throws a `WaitError`, with the code `timeout` if no delivery arrived within the given time.
   */
  waitFor(key: string, within?: Duration): Delivery {
    const timeout = within === undefined ? undefined : milliseconds(within);
    return new Delivery(calling(WaitError, () => this.#host.deliveries.waitFor(key, timeout)));
  }

  /**
   * Waits for the next `n` deliveries with any of these keys, in the order of arrival, and removes them from the queues.
   * Without `within`, it waits until the run times out.
   *
   * Throws a `WaitError`, with the code `timeout` if fewer than `n` arrived within the given time. Those that arrived stay
   * in the queue.
   */
  waitN(keys: readonly string[], n: number, within?: Duration): Delivery[] {
    const timeout = within === undefined ? undefined : milliseconds(within);
    const deliveries = calling(WaitError, () => this.#host.deliveries.waitN([...keys], n, timeout));
    return Array.from(deliveries, (delivery) => new Delivery(delivery));
  }

  /** Checks that no further delivery with this key arrives within this time. Throws a `Failure` that describes it otherwise. */
  noDeliveryWithin(key: string, within: Duration) {
    let delivery: Delivery;
    try {
      delivery = this.waitFor(key, within);
    } catch (error) {
      if (error instanceof WaitError && error.code === "timeout") {
        return;
      }
      throw error;
    }
    const time = shownDuration(milliseconds(within));
    throw new Failure(
      "unexpected-delivery",
      `expected no delivery with the key \`${key}\` within ${time}, but received: ${delivery}`,
    );
  }

  /**
   * Sends an event and waits for the response, which may have any status; see `Receipt.success`.
   *
   * Throws a `SendError` if there is no response.
   */
  sendEvent(event: Event): Receipt {
    const given = toEvent(event);
    return new Receipt(calling(SendError, () => this.#host.events.sendEvent(given)));
  }

  /**
   * Sends events concurrently and waits for all responses. The results are in the order of the events; an event without a
   * response has a `SendError`. The host limits how many events are sent at once. All keys are expected before the first
   * event is sent.
   */
  sendEvents(events: readonly Event[]): (Receipt | SendError)[] {
    const results = this.#host.events.sendEvents(events.map(toEvent));
    return Array.from(results, ({ tag, val }) => (tag === "ok" ? new Receipt(val) : new SendError(val)));
  }

  /** Sends a request that is not an event, and waits for the response. Throws a `SendError` if there is none. */
  request(request: Request): Receipt {
    const given = toRequest(request);
    return new Receipt(calling(SendError, () => this.#host.events.request(given)));
  }

  /** Marks the run as failed, with a reason, and continues. */
  fail(message: string) {
    this.#host.verdict.fail(String(message));
  }

  /** Checks a condition. If it is false, marks the run as failed and continues. Returns the condition. */
  check(condition: unknown, message?: string): boolean {
    if (!condition) {
      this.fail(`${message ?? `check failed: the condition is ${brief(condition)}`}${at(here())}`);
    }
    return Boolean(condition);
  }

  /**
   * Checks that two values are equal. If not, marks the run as failed, with their difference, and continues. Returns
   * whether they are equal.
   */
  checkEq(got: unknown, want: unknown, message = "check failed"): boolean {
    const isSame = isEqual(got, want);
    if (!isSame) {
      this.fail(`${message}: ${inShort(got, want)}${at(here())}\n${difference(got, want)}`);
    }
    return isSame;
  }

  /** Checks that two values differ. If not, marks the run as failed and continues. Returns whether they differ. */
  checkNe(got: unknown, other: unknown, message = "check failed"): boolean {
    const differs = !isEqual(got, other);
    if (!differs) {
      this.fail(`${message}: both are ${brief(got)}${at(here())}\n   both: ${shown(got, 2)}`);
    }
    return differs;
  }

  /**
   * Adds a value to a counter: `t.counter("items_total", 3, { kind: "new" })`. By convention its name ends in `_total`.
   * The host exports it as `orbital_test_<name>`, with the labels `component` and `case`.
   *
   * Throws a `MetricError` if the value was not recorded.
   */
  counter(name: string, value: number, labels: Labels = {}) {
    calling(MetricError, () => this.#host.metrics.counter(name, value, pairs(labels)));
  }

  /** Sets a gauge to a value. Throws a `MetricError` if the value was not recorded. */
  gauge(name: string, value: number, labels: Labels = {}) {
    calling(MetricError, () => this.#host.metrics.gauge(name, value, pairs(labels)));
  }

  /**
   * Adds an observation to a histogram, in base units such as seconds or bytes. Throws a `MetricError` if the value was
   * not recorded.
   */
  histogram(name: string, value: number, labels: Labels = {}) {
    calling(MetricError, () => this.#host.metrics.histogram(name, value, pairs(labels)));
  }

  /** Returns a value that the operator set for this component in the host's configuration, or undefined. */
  config(name: string): string | undefined {
    return this.#host.config.get(name) ?? undefined;
  }

  /**
   * Returns a value that the operator must set for this component in the host's configuration. Throws a `Failure` if it
   * is not set.
   */
  requireConfig(name: string): string {
    const value = this.config(name);
    if (value === undefined) {
      throw new Failure("not-configured", `\`${name}\` is not set in the host's configuration of this component`);
    }
    return value;
  }

  /** Returns information about the run, such as its id and its environment. */
  context(): RunContext {
    return { ...this.#host.context.current() };
  }

  /** Returns the time that is left before the attempt times out, in seconds. */
  timeLeft(): number {
    return this.#host.context.timeLeftMs() / 1000;
  }

  /**
   * Sleeps. To wait for a delivery, use `waitFor`; for anything else, use `eventually`. Both return as early as possible.
   */
  sleep(duration: Duration) {
    this.#host.clock.sleep(milliseconds(duration));
  }

  /**
   * Retries until the function succeeds, with pauses from 10 ms doubling up to 500 ms, and returns its result:
   *
   *     t.eventually("2s", () => {
   *       const invoice = t.request({ target: "api", path: "/invoices/7" }).success();
   *       if (!invoice.pointer("/paid")) throw new Error("the invoice is not paid");
   *     });
   *
   * Throws a `Failure` with the last error if the function did not succeed within this time. If the function is `async`,
   * await the result.
   */
  eventually<T>(within: Duration, attempt: () => T): T {
    return poll(this.#host, within, attempt);
  }
}

function at(place: string | undefined): string {
  return place === undefined ? "" : ` (${place})`;
}

function pairs(labels: Labels): { name: string; value: string }[] {
  return Object.entries(labels).map(([name, value]) => ({ name, value: String(value) }));
}
