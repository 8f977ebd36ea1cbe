// The run that a case is in.

import type { RunContext } from "orbital:test/context@0.1.0";
import { Delivery } from "./delivery.js";
import { difference } from "./difference.js";
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

/** Labels of a series; at most 8. */
export type Labels = Record<string, string>;

/**
 * The run that a case is in: what the case does, and says, goes through it.
 *
 * Its functions block: they return when it is done, and nothing else of the test goes on meanwhile, be it
 * promises, timers or requests of `fetch`. `await` before them is of no use, and `Promise.all` of several runs
 * them one after the other; `waitN` and `sendEvents` do things at the same time.
 */
export class Test {
  /** What the case has to say. */
  readonly log: Log;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    this.log = new Log(host);
  }

  /** A new key: unguessable, and unique over all runs. */
  newId(): string {
    return this.#host.deliveries.newId();
  }

  /**
   * Claims a key for this run, until the run ends. Waiting for a key, and sending an event with one, does this
   * too. The replies, at most 32, are what the webhook answers to its deliveries, in order; those after the
   * last one are answered with 200.
   *
   * Throws an `ExpectError` if another run expects the key, if it cannot be one, or if a reply cannot be one.
   */
  expect(key: string, replies: readonly Reply[] = []) {
    const options = { replies: replies.map(toReply) };
    calling(ExpectError, () => this.#host.deliveries.expect(key, options));
  }

  /**
   * Takes the next delivery of a key, and waits for it: this long, or without a limit as long as the run may
   * last; if none comes, the run ends as `timeout` then. `"0ms"` looks without waiting.
   *
   * Throws a `WaitError` with the code `timeout` if none came in the given time.
   */
  waitFor(key: string, within?: Duration): Delivery {
    const timeout = within === undefined ? undefined : milliseconds(within);
    return new Delivery(calling(WaitError, () => this.#host.deliveries.waitFor(key, timeout)));
  }

  /**
   * Takes the next `n` deliveries of any of these keys, in the order in which they came. Otherwise as
   * `waitFor`; what came stays in the queue if there are fewer.
   */
  waitN(keys: readonly string[], n: number, within?: Duration): Delivery[] {
    const timeout = within === undefined ? undefined : milliseconds(within);
    const deliveries = calling(WaitError, () => this.#host.deliveries.waitN([...keys], n, timeout));
    return Array.from(deliveries, (delivery) => new Delivery(delivery));
  }

  /** Watches this long that nothing more is delivered with a key. Throws a `Failure` that describes what is. */
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
      `nothing more was to be delivered with the key \`${key}\` within ${time}, but this was: ${delivery}`,
    );
  }

  /**
   * Sends an event and waits for the answer. An answer of any status is a receipt; see `Receipt.success`.
   *
   * Throws a `SendError` if there is no answer.
   */
  sendEvent(event: Event): Receipt {
    const given = toEvent(event);
    return new Receipt(calling(SendError, () => this.#host.events.sendEvent(given)));
  }

  /**
   * Sends events at the same time, up to a bound that the host sets, and waits for all answers. They are in the
   * order of the events; where there is no answer, there is a `SendError`. All keys are expected before the
   * first event is sent.
   */
  sendEvents(events: readonly Event[]): (Receipt | SendError)[] {
    const results = this.#host.events.sendEvents(events.map(toEvent));
    return Array.from(results, ({ tag, val }) => (tag === "ok" ? new Receipt(val) : new SendError(val)));
  }

  /** Sends any other request and waits for the answer. Throws a `SendError` if there is none. */
  request(request: Request): Receipt {
    const given = toRequest(request);
    return new Receipt(calling(SendError, () => this.#host.events.request(given)));
  }

  /** Marks the run as failed, with a reason for a person to read, and goes on. */
  fail(message: string) {
    this.#host.verdict.fail(String(message));
  }

  /** Marks the run as failed unless the condition holds, and goes on. Returns whether it holds. */
  check(condition: unknown, message = "check failed"): boolean {
    if (!condition) {
      this.fail(`${message}${at(here())}`);
    }
    return Boolean(condition);
  }

  /**
   * Marks the run as failed unless both values are equal, with their difference in the message, and goes on.
   * Returns whether they are.
   */
  checkEq(got: unknown, want: unknown, message = "check failed"): boolean {
    const isSame = isEqual(got, want);
    if (!isSame) {
      this.fail(`${message}${at(here())}\n${difference(got, want)}`);
    }
    return isSame;
  }

  /** Marks the run as failed if both values are equal, and goes on. Returns whether they differ. */
  checkNe(got: unknown, other: unknown, message = "check failed"): boolean {
    const differs = !isEqual(got, other);
    if (!differs) {
      this.fail(`${message}${at(here())}\n   both: ${shown(got, 2)}`);
    }
    return differs;
  }

  /**
   * Adds to a counter: `t.counter("items_total", 3, { kind: "new" })`. Its name ends in `_total`. It is on the
   * host's metrics page as `orbital_test_<name>`, with the labels `component` and `case` added.
   *
   * Throws a `MetricError` if nothing was recorded.
   */
  counter(name: string, value: number, labels: Labels = {}) {
    calling(MetricError, () => this.#host.metrics.counter(name, value, pairs(labels)));
  }

  /** Sets a gauge. Otherwise as `counter`. */
  gauge(name: string, value: number, labels: Labels = {}) {
    calling(MetricError, () => this.#host.metrics.gauge(name, value, pairs(labels)));
  }

  /** Adds an observation to a histogram, in base units: seconds, bytes. Otherwise as `counter`. */
  histogram(name: string, value: number, labels: Labels = {}) {
    calling(MetricError, () => this.#host.metrics.histogram(name, value, pairs(labels)));
  }

  /** A value that the operator set for this component; undefined if it is not set. */
  config(name: string): string | undefined {
    return this.#host.config.get(name) ?? undefined;
  }

  /** A value that the operator must set for this component. Throws a `Failure` if it is not set. */
  requireConfig(name: string): string {
    const value = this.config(name);
    if (value === undefined) {
      throw new Failure("not-configured", `\`${name}\` is not set in the host's configuration of this component`);
    }
    return value;
  }

  /** The run, as the host sees it. */
  context(): RunContext {
    return { ...this.#host.context.current() };
  }

  /** What is left of the attempt's time, in seconds. */
  timeLeft(): number {
    return this.#host.context.timeLeftMs() / 1000;
  }

  /**
   * Waits. To wait for a delivery use `waitFor`, and for anything else `eventually`: both end as soon as they
   * can.
   */
  sleep(duration: Duration) {
    this.#host.clock.sleep(milliseconds(duration));
  }

  /**
   * Tries until it throws nothing, with pauses of 10 ms that double up to 500 ms, and returns what it
   * returned:
   *
   *     t.eventually("2s", () => {
   *       const invoice = t.request({ target: "api", path: "/invoices/7" }).success();
   *       if (!invoice.pointer("/paid")) throw new Error("the invoice is not paid");
   *     });
   *
   * Throws a `Failure` with the last reason if it never succeeded in this time. If the function is `async`,
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
