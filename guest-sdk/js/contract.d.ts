// Generated from wit/*.wit by `cargo xtask contract`. Do not edit.
//
// The contract with the host, as both engines show it to JavaScript. Where they differ: an option that is none is null
// in QuickJS and undefined in StarlingMonkey; both accept undefined. The error of a result is thrown, as an error with
// the value in `payload`.

/** Time, for tests whose language has no clock of its own here. */
declare module "orbital:test/clock@0.1.0" {
  /** Seconds since the Unix epoch, by the host's clock. It does not jump while the run lasts. */
  export function now(): number;
  /** Seconds since the attempt began. It never goes back. */
  export function elapsed(): number;
  /** Waits for this many milliseconds. */
  export function sleep(durationMs: number): void;
}

/** Values that the operator set for this component, in the host's configuration. */
declare module "orbital:test/config@0.1.0" {
  /** The value of a name, or none if the operator did not set it. */
  export function get(name: string): string | null | undefined;
  /** All names and values, sorted by name. */
  export function all(): [string, string][];
}

/** What a test may know of the run it is in. */
declare module "orbital:test/context@0.1.0" {
  /** The run, as the host sees it. */
  export interface RunContext {
    /** Unique over all runs of all replicas: a UUID, version 7. */
    runId: string;
    /** The component's name: the stem of its file. */
    component: string;
    /** The case's name. */
    case: string;
    /** 1 for the first attempt of the run. */
    attempt: number;
    /** The operator's name for where the host runs, such as `staging`; empty if not set. */
    environment: string;
    /**
     * The webhook's public URL, without a slash at its end: where the system under test must
     * deliver to. A path may be appended to it.
     */
    webhookUrl: string;
  }
  /** The run that calls. */
  export function current(): RunContext;
  /** Milliseconds until the attempt's time has run out. */
  export function timeLeftMs(): number;
}

/**
 * Waiting for what the system under test delivers to the webhook.
 *
 * A delivery belongs to the run that expects its key. The host finds the key in the request where its
 * configuration says (a header, a place in a JSON body, a query parameter, a segment of the path).
 */
declare module "orbital:test/deliveries@0.1.0" {
  /**
   * A header of HTTP. Names are in lower case. A byte of the value that is not ASCII stands as the
   * character of the same number (Latin-1), in both directions.
   */
  export interface Header {
    /** The name. */
    name: string;
    /** The value. */
    value: string;
  }
  /** A request that the webhook received. */
  export interface Delivery {
    /** The key that tied it to this run. */
    key: string;
    /** The method, in capitals. */
    method: string;
    /** The path, as it was sent. */
    path: string;
    /** What came after the first `?` of the URL; empty if nothing did. */
    query: string;
    /** In the order in which they came. */
    headers: Header[];
    /** At most what the host's configuration allows (1 MiB by default). */
    body: Uint8Array;
    /** Seconds since the Unix epoch when its last byte had come, by the same clock as `clock.now`. */
    receivedAt: number;
    /**
     * Seconds from the sending of the event to the receipt of this delivery. The event is the one
     * that this run sent with this key; for a key that the system made, the run's only event
     * without a key. None if there is no such event.
     */
    latency: number | null | undefined;
  }
  /** What the webhook answers to one delivery of a key. */
  export interface PlannedReply {
    /** The status, 200 to 599. */
    status: number;
    /** Milliseconds to wait before answering; at most 60 000. */
    delayMs: number;
    /** Headers of the answer; at most 256. */
    headers: Header[];
    /** Body of the answer; at most 64 KiB. */
    body: Uint8Array;
  }
  /** How to treat the deliveries of a key. */
  export interface ExpectOptions {
    /**
     * Answers to the deliveries of this key, in order; those after the last one are answered with
     * 200. At most 32.
     */
    replies: PlannedReply[];
  }
  /** Why a key cannot be expected. */
  export type ExpectError =
    /** Another run expects this key. */
    | { tag: "taken" }
    /** The key is empty, longer than 256 bytes, or has control characters; the text says which. */
    | { tag: "invalid-key"; val: string }
    /** A reply is outside its limits; the text says which and why. */
    | { tag: "invalid-reply"; val: string };
  /** Why there is no delivery. */
  export type WaitError =
    /** The time given ran out. What came in that time stays in the queue. */
    | { tag: "timeout" }
    /** Another run expects this key. */
    | { tag: "taken" }
    /** A key that cannot be one; see `expect-error`. */
    | { tag: "invalid-key"; val: string }
    /** `n` is zero, or no key was given. */
    | { tag: "nothing-to-wait-for" }
    /**
     * This many deliveries were dropped because the queue of a key was full. Reported once, when
     * all that was kept has been taken.
     */
    | { tag: "overflow"; val: number };
  /** A new key: unguessable, and unique over all runs of all replicas. A UUID, version 7. */
  export function newId(): string;
  /**
   * Claims a key for this run, until the run ends. Expecting a key again that this run has is not an
   * error; options given then take the place of earlier ones.
   *
   * A delivery that came shortly before its key was expected (because the system made the key) is
   * found: the host keeps such deliveries for a bounded time.
   *
   * @throws an error whose `payload` is an `ExpectError`
   */
  export function expect(key: string, options: ExpectOptions): void;
  /**
   * Takes the next delivery of a key, in the order in which they came; waits for it if need be.
   * Expects the key first.
   *
   * Without a timeout it waits as long as the run may last: if nothing comes, the run ends as
   * `timeout`, and the host says what was waited for and what came instead. With a timeout, in
   * milliseconds, running out of time is an error that a test may well want; 0 looks without waiting.
   *
   * @throws an error whose `payload` is a `WaitError`
   */
  export function waitFor(key: string, timeoutMs: number | undefined): Delivery;
  /**
   * Takes the next `n` deliveries of any of these keys, in the order in which they came; waits until
   * there are as many. Otherwise as `wait-for`.
   *
   * @throws an error whose `payload` is a `WaitError`
   */
  export function waitN(keys: string[], n: number, timeoutMs: number | undefined): Delivery[];
}

/**
 * Requests to the system under test.
 *
 * They go to targets: endpoints that the operator has named in the host's configuration, with URL,
 * default headers and secrets. A test names the target and never sees the rest, so that it runs unchanged
 * in every environment. Redirects are not followed. The host adds `traceparent` and `orbital-run` headers.
 */
declare module "orbital:test/events@0.1.0" {
  import type { Header } from "orbital:test/deliveries@0.1.0";
  /** What a run sends to a target, with `POST`. */
  export interface Event {
    /** The name of the target. */
    target: string;
    /**
     * The key that its delivery will have, if the test chooses it. It is expected before the
     * event is sent, so that no delivery can come too early.
     */
    key: string | undefined;
    /** Appended to the path of the target's URL; empty, or starting with `/`. It may have a query. */
    path: string;
    /** They win over the target's default headers. At most 256. */
    headers: Header[];
    /** At most 8 MiB. */
    body: Uint8Array;
    /** Milliseconds for the whole exchange; none means the target's own setting. */
    timeoutMs: number | undefined;
  }
  /** Any other request to a target. */
  export interface HttpRequest {
    /** The name of the target. */
    target: string;
    /** The method, such as `GET`. */
    method: string;
    /** As in `event`. */
    path: string;
    /** As in `event`. */
    headers: Header[];
    /** As in `event`. */
    body: Uint8Array;
    /** As in `event`. */
    timeoutMs: number | undefined;
  }
  /** An answer, whatever its status. */
  export interface Receipt {
    /** The status, 100 to 999. */
    status: number;
    /** In the order in which they came. */
    headers: Header[];
    /** At most what the host's configuration allows (1 MiB by default). */
    body: Uint8Array;
    /** Seconds from the start of the request to the last byte of the answer. */
    latency: number;
  }
  /** Why there is no answer. */
  export type SendError =
    /** No target of this name is configured; the text lists those that are. */
    | { tag: "unknown-target"; val: string }
    /**
     * The path, a header, the method or the body is outside its limits, or not granted to the
     * component; the text says which and why.
     */
    | { tag: "invalid"; val: string }
    /** The event's key is expected by another run. Nothing was sent. */
    | { tag: "taken" }
    /** The connection was refused, reset or could not be made; the text says why. */
    | { tag: "unreachable"; val: string }
    /** The time ran out. Whether the target took the request is not known. */
    | { tag: "timeout" }
    /** The answer's body is larger than this many bytes, which are allowed. */
    | { tag: "too-large"; val: number };
  /**
   * Sends an event and waits for the answer.
   *
   * @throws an error whose `payload` is a `SendError`
   */
  export function sendEvent(event: Event): Receipt;
  /**
   * Sends events at the same time, up to a bound that the host sets, and waits for all answers. The
   * answers are in the order of the events. All keys are expected before the first event is sent.
   */
  export function sendEvents(events: Event[]): ({ tag: "ok"; val: Receipt } | { tag: "err"; val: SendError })[];
  /**
   * Sends any other request and waits for the answer.
   *
   * @throws an error whose `payload` is a `SendError`
   */
  export function request(request: HttpRequest): Receipt;
}

/** What a test has to say about what it does. */
declare module "orbital:test/log@0.1.0" {
  /** How much a line matters. */
  export type Level =
    /** For the author, while the test is being written. */
    | "debug"
    /** What happens. */
    | "info"
    /** What is odd, but does not fail the test. */
    | "warn"
    /** What is wrong. */
    | "error";
  /** A name and a value beside the message. */
  export interface Field {
    /** What the value is. */
    name: string;
    /** The value, as text. */
    value: string;
  }
  /**
   * Adds a line to the run's report. The lines of one run are bounded in number and bytes; a run that
   * says more ends as `error`.
   */
  export function log(level: Level, message: string, fields: Field[]): void;
}

/**
 * A test's own metrics, on the host's metrics page as `orbital_test_<name>` with the labels `component`
 * and `case` added. They are gone when the component is, and begin anew with each version of it.
 */
declare module "orbital:test/metrics@0.1.0" {
  /** A label. A series has at most 8. */
  export interface Label {
    /** A letter, then letters, digits and `_`, of at most 100 bytes; not `component`, `case`, `le` or `quantile`. */
    name: string;
    /** At most 128 bytes. Use few different values: series are bounded in number. */
    value: string;
  }
  /** Why a value was not recorded. */
  export type MetricError =
    /**
     * The name is not a letter followed by letters, digits and `_`, is longer than 100 bytes, or ends in
     * `_bucket`, `_sum` or `_count`, which histograms add.
     */
    | { tag: "invalid-name"; val: string }
    /** A label is outside its limits; the text says which and why. */
    | { tag: "invalid-label"; val: string }
    /** The value is not a number, or a counter would go down or become infinite. */
    | { tag: "invalid-value"; val: string }
    /** The name stands for a metric of another kind; the text names the kind. */
    | { tag: "other-kind"; val: string }
    /** The component has as many series as it may; the limit, which is 0 if it is granted no metrics. */
    | { tag: "too-many-series"; val: number };
  /**
   * Adds to a counter. Name it `…_total`.
   *
   * @throws an error whose `payload` is a `MetricError`
   */
  export function counter(name: string, value: number, labels: Label[]): void;
  /**
   * Sets a gauge.
   *
   * @throws an error whose `payload` is a `MetricError`
   */
  export function gauge(name: string, value: number, labels: Label[]): void;
  /**
   * Adds an observation to a histogram. In base units: seconds, bytes.
   *
   * @throws an error whose `payload` is a `MetricError`
   */
  export function histogram(name: string, value: number, labels: Label[]): void;
}

/** What a component exports: its cases, and a way to run each of them. */
declare module "orbital:test/suite@0.1.0" {
  /** When the host starts a case by itself. */
  export type Schedule =
    /**
     * At multiples of this period, in milliseconds, since the Unix epoch, moved by an offset that
     * depends on the case's id, so that cases of one period do not all start at once. At least 1.
     */
    | { tag: "every"; val: number }
    /** At the times that a cron expression names, exactly. */
    | { tag: "cron"; val: CronSchedule }
    /** Only when somebody asks for it. */
    | { tag: "manual" };
  /** A cron expression and the time zone it is meant in. */
  export interface CronSchedule {
    /** Five fields: minute, hour, day of month, month, day of week. */
    expression: string;
    /** A name of the IANA time zone database such as `Europe/Madrid`; none means UTC. */
    zone: string | undefined;
  }
  /** A label for filters, maintenance windows and the metric `orbital_case_info`. */
  export interface Tag {
    /** A letter, then letters, digits and `_`; at most 64 bytes; each name once per case. */
    name: string;
    /** At most 256 bytes. */
    value: string;
  }
  /** What the host does when an attempt ends as `fail`, `timeout` or `error`. */
  export interface RetryPolicy {
    /** Further attempts after the first one; 0 for none; at most 10. */
    retries: number;
    /** Milliseconds between the end of an attempt and the start of the next one. */
    delayMs: number;
  }
  /** One test. */
  export interface TestCase {
    /**
     * Unique in the component; 1 to 100 letters, digits, `-`, `_` and `.`. The case's id is
     * `component/name`.
     */
    name: string;
    /** When it runs. */
    schedule: Schedule;
    /**
     * How long one attempt may take, in milliseconds, from the moment the test is entered. At
     * least 1; none means what the host's configuration says.
     */
    timeoutMs: number | undefined;
    /** Labels; at most 16. */
    tags: Tag[];
    /** When to try again. */
    retry: RetryPolicy;
    /**
     * How many runs of this case may be in flight at once, at least 1. A tick that comes while
     * that many are running is skipped and counted.
     */
    maxInFlight: number;
  }
  /**
   * The cases of this component. Called once when the component is loaded, in an instance of its own
   * and with a time limit; of this package it may call `log` only.
   */
  export function cases(): TestCase[];
  /**
   * Runs one case, by its name, in an instance of its own.
   *
   * It passes if this returns `ok` and `verdict.fail` was not called. The error is the reason, for a
   * person to read.
   *
   * @throws an error whose `payload` is a `string`
   */
  export function run(name: string): void;
}

/** How a test says that something is not as it should be. */
declare module "orbital:test/verdict@0.1.0" {
  /**
   * Marks the run as failed, with a reason for a person to read, and goes on: whatever happens after
   * it, the run's outcome is `fail`. It can be called more than once; all reasons are reported.
   */
  export function fail(message: string): void;
}
