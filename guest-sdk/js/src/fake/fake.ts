// A fake host for unit tests of cases in Node, without WebAssembly, a network or waiting:
//
//     import { fakeHost } from "orbital-sdk/fake";
//     import "../src/smoke.ts";
//
//     const fake = fakeHost().onEvent((event) => [{ json: { ...event.json(), processed: true } }]);
//     const run = await fake.run("smoke");
//     assert.equal(run.outcome, "pass");

import type * as deliveries from "orbital:test/deliveries@0.1.0";
import type * as events from "orbital:test/events@0.1.0";
import type { Level } from "orbital:test/log@0.1.0";
import { Message } from "../body.js";
import { type Case, type CaseFunction, makeCase } from "../case.js";
import { type Content, content } from "../content.js";
import { Delivery } from "../delivery.js";
import { type Duration, milliseconds } from "../duration.js";
import type { Host } from "../host.js";
import { setSdkFolder } from "../place.js";
import { find } from "../registry.js";
import { runCase } from "../run.js";
import { FakeClock } from "./clock.js";
import { FakeWebhook } from "./webhook.js";

setSdkFolder(new URL("..", import.meta.url).href);

/** The timeout of a case that does not set one. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** The time that the fake system under test takes to respond. */
const ANSWER_MS = 1;

/** An event or another request that a case sent. */
export class Sent extends Message {
  readonly target: string;
  readonly method: string;
  readonly path: string;
  /** The key of the event. Undefined if the test did not choose one. */
  readonly key: string | undefined;

  constructor(request: events.Event | events.HttpRequest) {
    super(request.headers, request.body);
    this.target = request.target;
    this.path = request.path;
    this.method = "method" in request ? request.method : "POST";
    this.key = "key" in request ? request.key : undefined;
  }
}

/** A delivery of the fake system under test. */
export interface FakeDelivery extends Content {
  /** The key. The default is the key of the event. */
  key?: string;
  method?: string;
  path?: string;
  query?: string;
  /** The delay after the event. The default is none. */
  after?: Duration;
}

/** A response of the fake system under test, and the deliveries that follow. */
export interface FakeAnswer extends Content {
  /** The HTTP status. The default is 202 for events and 200 for requests. */
  status?: number;
  deliveries?: FakeDelivery[];
  /** The reason why there is no response. */
  error?: events.SendError;
}

type Answering = (sent: Sent) => FakeAnswer | FakeDelivery[] | void;
type Redelivering = (delivery: Delivery, status: number) => FakeDelivery[] | void;

/** The result of a run, with everything that the case did. */
export interface FakeRun {
  outcome: "pass" | "fail" | "timeout";
  /** The reasons why the run did not pass. */
  messages: string[];
  /** The duration in seconds, by the clock of the fake host. */
  duration: number;
  sent: Sent[];
  logs: { level: Level; message: string; fields: Record<string, string> }[];
  metrics: { kind: "counter" | "gauge" | "histogram"; name: string; value: number; labels: Record<string, string> }[];
}

/** Creates a fake host. Its clock advances only when the case waits or sleeps, and then immediately. */
export function fakeHost(): FakeHost {
  return new FakeHost();
}

export class FakeHost {
  #onEvent: Answering = () => {};
  #onRequest: Answering = () => {};
  #onReply: Redelivering = () => {};
  #config = new Map<string, string>();

  /** Sets the function that returns the response to an event and the deliveries that follow. */
  onEvent(answer: Answering): this {
    this.#onEvent = answer;
    return this;
  }

  /** Sets the function that returns the response to a request that is not an event. */
  onRequest(answer: Answering): this {
    this.#onRequest = answer;
    return this;
  }

  /**
   * Sets the function that is called with each delivery and the webhook's response. It returns further deliveries, such
   * as a redelivery after a 503.
   */
  onReply(answer: Redelivering): this {
    this.#onReply = answer;
    return this;
  }

  /** Sets the values that the operator would set for the component. */
  config(values: Record<string, string>): this {
    this.#config = new Map(Object.entries(values));
    return this;
  }

  /** Runs one attempt of a registered case, by its name, or of a function, and returns the result. */
  async run(test: string | CaseFunction): Promise<FakeRun> {
    const made = typeof test === "string" ? find(test) : makeCase("function", { manual: true }, test);
    const run: FakeRun = { outcome: "pass", messages: [], duration: 0, sent: [], logs: [], metrics: [] };
    const clock = new FakeClock(made.declared.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const reason = await end(made, this.#host(made, run, clock));
    const hasFailed = run.messages.length > 0;
    if (reason !== undefined) {
      run.messages.push(reason);
    }
    // Like the host: a run that called `fail` has failed, even if it timed out later.
    const isOver = clock.leftMs() === 0;
    run.outcome = hasFailed ? "fail" : isOver ? "timeout" : reason !== undefined ? "fail" : "pass";
    run.duration = clock.elapsedMs / 1000;
    return run;
  }

  #host(made: Case, run: FakeRun, clock: FakeClock): Host {
    let lastId = 0;
    const webhook: FakeWebhook = new FakeWebhook(clock, (delivery, { status }) => {
      const again = this.#onReply(new Delivery(delivery), status) ?? [];
      again.forEach((next) => deliver(next, delivery.key, undefined));
    });
    const deliver = ({ after = "0ms", ...given }: FakeDelivery, key: string | undefined, sentAt: number | undefined) => {
      const afterMs = milliseconds(after);
      const latency = sentAt === undefined ? undefined : (clock.elapsedMs + afterMs - sentAt) / 1000;
      webhook.send(toDelivery(given, key, latency), afterMs);
    };
    const exchange = (sent: Sent, answering: Answering, status: number): events.Receipt => {
      run.sent.push(sent);
      const given = answering(sent) ?? {};
      const answer: FakeAnswer = Array.isArray(given) ? { deliveries: given } : given;
      const sentAt = clock.elapsedMs;
      answer.deliveries?.forEach((delivery) => deliver(delivery, sent.key, sentAt));
      clock.moveTo(clock.elapsedMs + ANSWER_MS, `waiting for an answer from \`${sent.target}\``);
      if (answer.error !== undefined) {
        throw withPayload(answer.error);
      }
      return { status: answer.status ?? status, ...content(answer), latency: ANSWER_MS / 1000 };
    };
    const sendEvent = (event: events.Event) => exchange(new Sent(event), this.#onEvent, 202);
    const waitN = (keys: string[], n: number, timeoutMs: number | undefined): deliveries.Delivery[] => {
      if (keys.length === 0 || n === 0) {
        throw withPayload({ tag: "nothing-to-wait-for" });
      }
      const taken = webhook.take(keys, n, timeoutMs ?? clock.leftMs());
      if (taken === undefined) {
        throw withPayload({ tag: "timeout" });
      }
      return taken;
    };
    const metric = (kind: FakeRun["metrics"][0]["kind"]) => (name: string, value: number, labels: { name: string; value: string }[]) => {
      run.metrics.push({ kind, name, value, labels: toRecord(labels) });
    };

    return {
      log: { log: (level, message, fields) => run.logs.push({ level, message, fields: toRecord(fields) }) },
      verdict: { fail: (message) => run.messages.push(message) },
      context: {
        current: () => ({
          runId: "fake-run",
          component: "fake",
          case: made.declared.name,
          attempt: 1,
          environment: "fake",
          webhookUrl: "http://webhook.invalid",
        }),
        timeLeftMs: () => clock.leftMs(),
      },
      config: { get: (name) => this.#config.get(name), all: () => [...this.#config].sort() },
      clock: {
        now: () => clock.now(),
        elapsed: () => clock.elapsedMs / 1000,
        sleep: (ms) => clock.moveTo(clock.elapsedMs + ms, `while sleeping for ${ms}ms`),
      },
      deliveries: {
        newId: () => `key-${(lastId += 1)}`,
        expect: (key, { replies }) => webhook.plan(key, replies),
        waitFor: (key, timeoutMs) => waitN([key], 1, timeoutMs)[0]!,
        waitN,
      },
      events: {
        sendEvent,
        sendEvents: (list) => list.map((event) => toResult(() => sendEvent(event))),
        request: (request) => exchange(new Sent(request), this.#onRequest, 200),
      },
      metrics: { counter: metric("counter"), gauge: metric("gauge"), histogram: metric("histogram") },
    };
  }
}

/** Runs a case, and returns the reason why it did not pass, if there is one. */
async function end(made: Case, host: Host): Promise<string | undefined> {
  try {
    await runCase(made, host);
    return undefined;
  } catch (reason) {
    return String(reason);
  }
}

function toDelivery(given: FakeDelivery, eventKey: string | undefined, latency: number | undefined): deliveries.Delivery {
  const key = given.key ?? eventKey;
  if (key === undefined) {
    throw new TypeError("the event has no key, so set the key of the delivery: `{ key: …, json: … }`");
  }
  const { method = "POST", path = "/", query = "" } = given;
  return { key, method, path, query, ...content(given), receivedAt: 0, latency };
}

function toResult(send: () => events.Receipt): ReturnType<typeof events.sendEvents>[number] {
  try {
    return { tag: "ok", val: send() };
  } catch (error) {
    const { payload } = error as { payload?: events.SendError };
    if (payload === undefined) {
      throw error;
    }
    return { tag: "err", val: payload };
  }
}

function toRecord(pairs: { name: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
}

/** Returns an error of the host as the engines throw it. */
function withPayload(payload: deliveries.WaitError | events.SendError): Error {
  return Object.assign(new Error(payload.tag), { payload });
}
