// Generated from wit/*.wit by `cargo xtask contract`. Do not edit.
//
// The contract with the host, as both engines show it to JavaScript. Where they differ: an option that is none is null
// in QuickJS and undefined in StarlingMonkey; both accept undefined. The error of a result is thrown, as an error with
// the value in `payload`.

/** Clocks and sleeping, for languages without a clock of their own. */
declare module "orbital:test/clock@0.1.0" {
  /** Returns the time of the host's clock, in seconds since the Unix epoch. It does not jump during a run. */
  export function now(): number;
  /** Returns the time since the attempt started, in seconds. It never goes backwards. */
  export function elapsed(): number;
  /** Sleeps for this many milliseconds. */
  export function sleep(durationMs: number): void;
}

/** Values that the operator set for this component in the host's configuration. */
declare module "orbital:test/config@0.1.0" {
  /** Returns the value with this name, or none if the operator did not set it. */
  export function get(name: string): string | null | undefined;
  /** Returns all names and values, sorted by name. */
  export function all(): [string, string][];
}

/** Information about the current run. */
declare module "orbital:test/context@0.1.0" {
  /** Describes a run. */
  export interface RunContext {
    /** Identifies the run, also among several hosts. A UUID, version 7. */
    runId: string;
    /** The name of the component: its file name without the extension. */
    component: string;
    /** The name of the case. */
    case: string;
    /** The number of the attempt, starting at 1. */
    attempt: number;
    /**
     * The name of the environment that the host runs in, such as `staging`. Empty if the operator did not
     * set it.
     */
    environment: string;
    /**
     * The public URL of the webhook, without a trailing slash. The system under test must deliver to this
     * URL. A test may append a path to it.
     */
    webhookUrl: string;
  }
  /** Returns the current run. */
  export function current(): RunContext;
  /** Returns the milliseconds that are left before the attempt times out. */
  export function timeLeftMs(): number;
}

/**
 * Waiting for deliveries: requests from the system under test to the webhook.
 *
 * Each delivery has a key, and belongs to the run that expects this key. The host's configuration says where
 * in a request the key is: in a header, a JSON body, a query parameter or a path segment.
 */
declare module "orbital:test/deliveries@0.1.0" {
  /** An HTTP header. */
  export interface Header {
    /** The name, in lower case. */
    name: string;
    /**
     * The value. Each byte that is not ASCII is the character with the same number (Latin-1), both in
     * headers that a test sends and in headers that it receives.
     */
    value: string;
  }
  /** A request that the webhook received. */
  export interface Delivery {
    /** The key that assigned the delivery to this run. */
    key: string;
    /** The HTTP method, in upper case. */
    method: string;
    /** The path, exactly as it was sent. */
    path: string;
    /** The query string: the part of the URL after the first `?`, or empty. */
    query: string;
    /** The headers, in the order in which they were sent. */
    headers: Header[];
    /** The body. The host's configuration limits its size (1 MiB by default). */
    body: Uint8Array;
    /**
     * The time when the last byte was received, in seconds since the Unix epoch, by the clock of
     * `clock.now`.
     */
    receivedAt: number;
    /**
     * The time from sending the event to receiving this delivery, in seconds. The event is the one that
     * this run sent with this key. If the system under test generated the key, it is the only event that
     * this run sent without a key. None if there is no such event.
     */
    latency: number | null | undefined;
  }
  /** The webhook's response to one delivery. */
  export interface PlannedReply {
    /** The HTTP status, 200 to 599. */
    status: number;
    /** The milliseconds to wait before responding, at most 60 000. */
    delayMs: number;
    /** The headers of the response, at most 256. */
    headers: Header[];
    /** The body of the response, at most 64 KiB. */
    body: Uint8Array;
  }
  /** How the webhook responds to deliveries with a key. */
  export interface ExpectOptions {
    /**
     * Responses to the deliveries with this key, in order. Deliveries after the last one of these get a
     * 200. At most 32.
     */
    replies: PlannedReply[];
  }
  /** The reason why a key cannot be expected. */
  export type ExpectError =
    /** Another run expects this key. */
    | { tag: "taken" }
    /** The key is empty, longer than 256 bytes, or contains control characters. The text says which. */
    | { tag: "invalid-key"; val: string }
    /** A reply is invalid. The text says which one and why. */
    | { tag: "invalid-reply"; val: string };
  /** The reason why waiting returned no delivery. */
  export type WaitError =
    /** The timeout given to the call expired. Deliveries received until then stay in the queue. */
    | { tag: "timeout" }
    /** Another run expects this key. */
    | { tag: "taken" }
    /** The key is empty, longer than 256 bytes, or contains control characters. The text says which. */
    | { tag: "invalid-key"; val: string }
    /** `n` is zero, or no key was given. */
    | { tag: "nothing-to-wait-for" }
    /**
     * This number of deliveries was dropped because the queue of a key was full. Reported once, after all
     * queued deliveries have been returned.
     */
    | { tag: "overflow"; val: number };
  /** Returns a new key that cannot be guessed, and that is unique among all runs and hosts. A UUID, version 7. */
  export function newId(): string;
  /**
   * Reserves a key for this run until the run ends. It is not an error to expect a key twice in the same
   * run; the options of the last call apply.
   *
   * When the system under test generates the key, the delivery can arrive before the test expects it. The
   * host keeps such early deliveries for a limited time.
   *
   * @throws an error whose `payload` is an `ExpectError`
   */
  export function expect(key: string, options: ExpectOptions): void;
  /**
   * Returns the next delivery with this key, in the order of arrival, and removes it from the queue. Waits
   * for it if the queue is empty. Also expects the key, as `expect` does.
   *
   * Without a timeout, it waits until the run itself times out. The run then ends with outcome `timeout`,
   * and the report says which key was awaited and what the webhook received instead. With a timeout, in
   * milliseconds, it returns the error `timeout`, which the test can handle. A timeout of 0 returns at once.
   *
   * @throws an error whose `payload` is a `WaitError`
   */
  export function waitFor(key: string, timeoutMs: number | undefined): Delivery;
  /**
   * Returns the next `n` deliveries with any of these keys, in the order of arrival, and removes them from
   * the queues. Waits until there are `n`. Keys and timeout work as in `wait-for`.
   *
   * @throws an error whose `payload` is a `WaitError`
   */
  export function waitN(keys: string[], n: number, timeoutMs: number | undefined): Delivery[];
}

/**
 * Sending requests to the system under test.
 *
 * Requests go to targets. A target is an endpoint in the host's configuration, with a URL, default headers and
 * secrets. A test knows only the name of the target, so the same test runs in every environment. Redirects are
 * not followed. The host adds the headers `traceparent` and `orbital-run`.
 */
declare module "orbital:test/events@0.1.0" {
  import type { Header } from "orbital:test/deliveries@0.1.0";
  /** An event, which is sent to a target with `POST`. */
  export interface Event {
    /** The name of the target. */
    target: string;
    /**
     * The key of the delivery that this event leads to, if the test chooses the key. The host expects the
     * key before it sends the event, so even the fastest delivery is not lost.
     */
    key: string | undefined;
    /** A path that is appended to the target's URL: empty, or starting with `/`. May include a query. */
    path: string;
    /** Headers, at most 256. They override the target's default headers. */
    headers: Header[];
    /** The body, at most 8 MiB. */
    body: Uint8Array;
    /** The timeout for the request and its response, in milliseconds. None means the target's default. */
    timeoutMs: number | undefined;
  }
  /** A request that is not an event, such as one that reads or prepares data. */
  export interface HttpRequest {
    /** The name of the target. */
    target: string;
    /** The HTTP method, such as `GET`. */
    method: string;
    /** A path that is appended to the target's URL: empty, or starting with `/`. May include a query. */
    path: string;
    /** Headers, at most 256. They override the target's default headers. */
    headers: Header[];
    /** The body, at most 8 MiB. */
    body: Uint8Array;
    /** The timeout for the request and its response, in milliseconds. None means the target's default. */
    timeoutMs: number | undefined;
  }
  /** A target's response, with any status. */
  export interface Receipt {
    /** The HTTP status, 100 to 999. */
    status: number;
    /** The headers, in the order in which they were received. */
    headers: Header[];
    /** The body. The host's configuration limits its size (1 MiB by default). */
    body: Uint8Array;
    /** The time from the start of the request to the last byte of the response, in seconds. */
    latency: number;
  }
  /** The reason why there is no response. */
  export type SendError =
    /** The host's configuration has no target with this name. The text lists the configured targets. */
    | { tag: "unknown-target"; val: string }
    /**
     * The path, a header, the method or the body is invalid or not granted to the component. The text says
     * which and why.
     */
    | { tag: "invalid"; val: string }
    /** Another run expects the event's key. Nothing was sent. */
    | { tag: "taken" }
    /** The connection failed, for example because it was refused or reset. The text says why. */
    | { tag: "unreachable"; val: string }
    /** The request timed out. The target may or may not have processed it. */
    | { tag: "timeout" }
    /** The body of the response is larger than the limit, which is this number of bytes. */
    | { tag: "too-large"; val: number };
  /**
   * Sends an event and waits for the response.
   *
   * @throws an error whose `payload` is a `SendError`
   */
  export function sendEvent(event: Event): Receipt;
  /**
   * Sends events concurrently and waits for all responses, which are in the order of the events. The host
   * limits how many are sent at once. All keys are expected before the first event is sent.
   */
  export function sendEvents(events: Event[]): ({ tag: "ok"; val: Receipt } | { tag: "err"; val: SendError })[];
  /**
   * Sends a request that is not an event, and waits for the response.
   *
   * @throws an error whose `payload` is a `SendError`
   */
  export function request(request: HttpRequest): Receipt;
}

/** Logging. The lines are part of the run's report. */
declare module "orbital:test/log@0.1.0" {
  /** The severity of a line. */
  export type Level =
    /** Details that help to write or debug the test. */
    | "debug"
    /** Normal progress. */
    | "info"
    /** Something unexpected that does not fail the test. */
    | "warn"
    /** A problem. It does not fail the test; `verdict.fail` does. */
    | "error";
  /** A structured value of a line. */
  export interface Field {
    /** The name of the value. */
    name: string;
    /** The value, as text. */
    value: string;
  }
  /**
   * Adds a line to the run's report. The number and the size of the lines of a run are limited; a run that
   * exceeds the limit ends with outcome `error`.
   */
  export function log(level: Level, message: string, fields: Field[]): void;
}

/**
 * Custom metrics of a test.
 *
 * The host exports them as `orbital_test_<name>`, with the labels `component` and `case`. They are removed with
 * the component, and start again with each new version of it.
 */
declare module "orbital:test/metrics@0.1.0" {
  /** A label. A series has at most 8 of its own. */
  export interface Label {
    /**
     * The name: a letter, followed by letters, digits and `_`, at most 100 bytes. `component`, `case`, `le`
     * and `quantile` are reserved.
     */
    name: string;
    /** The value, at most 128 bytes. The number of series is limited, so use few different values. */
    value: string;
  }
  /** The reason why a value was not recorded. */
  export type MetricError =
    /**
     * The name is longer than 100 bytes, is not a letter followed by letters, digits and `_`, or ends in
     * `_bucket`, `_sum` or `_count`, which are reserved for histograms.
     */
    | { tag: "invalid-name"; val: string }
    /** A label is invalid. The text says which and why. */
    | { tag: "invalid-label"; val: string }
    /** The value is not a number, or would make a counter decrease or become infinite. */
    | { tag: "invalid-value"; val: string }
    /** A metric with this name has another type. The text names that type. */
    | { tag: "other-kind"; val: string }
    /**
     * The component has reached its limit of series, which is this number. It is 0 if the component is not
     * granted metrics.
     */
    | { tag: "too-many-series"; val: number };
  /**
   * Adds a value to a counter. By convention its name ends in `_total`.
   *
   * @throws an error whose `payload` is a `MetricError`
   */
  export function counter(name: string, value: number, labels: Label[]): void;
  /**
   * Sets a gauge to a value.
   *
   * @throws an error whose `payload` is a `MetricError`
   */
  export function gauge(name: string, value: number, labels: Label[]): void;
  /**
   * Adds an observation to a histogram, in base units such as seconds or bytes.
   *
   * @throws an error whose `payload` is a `MetricError`
   */
  export function histogram(name: string, value: number, labels: Label[]): void;
}

/** The exports of a component: the list of its cases, and a function that runs one of them. */
declare module "orbital:test/suite@0.1.0" {
  /** When the host starts a case. */
  export type Schedule =
    /**
     * Periodically, at multiples of this period since the Unix epoch, in milliseconds, at least 1. The host
     * adds an offset that depends on the case's id, so that cases with the same period do not all start at
     * once.
     */
    | { tag: "every"; val: number }
    /** At the times of a cron expression, exactly. */
    | { tag: "cron"; val: CronSchedule }
    /** Only on request. */
    | { tag: "manual" };
  /** A cron expression with its time zone. */
  export interface CronSchedule {
    /** Five fields: minute, hour, day of month, month, day of week. */
    expression: string;
    /** The name of a time zone in the IANA database, such as `Europe/Madrid`. None means UTC. */
    zone: string | undefined;
  }
  /** A label of a case, for filters, maintenance windows and the metric `orbital_case_info`. */
  export interface Tag {
    /** The name: a letter, followed by letters, digits and `_`, at most 64 bytes. Unique in the case. */
    name: string;
    /** The value, at most 256 bytes. */
    value: string;
  }
  /** When the host retries an attempt that ended with outcome `fail`, `timeout` or `error`. */
  export interface RetryPolicy {
    /** The maximum number of retries, 0 to 10. */
    retries: number;
    /** The delay between the end of an attempt and the start of the next one, in milliseconds. */
    delayMs: number;
  }
  /** A test. */
  export interface TestCase {
    /**
     * The name, unique in the component: 1 to 100 letters, digits, `-`, `_` and `.`. The case's id is
     * `component/name`.
     */
    name: string;
    /** When the case runs. */
    schedule: Schedule;
    /**
     * The timeout of one attempt in milliseconds, at least 1, measured from the call of `run`. None means
     * the default in the host's configuration.
     */
    timeoutMs: number | undefined;
    /** Labels of the case, at most 16. */
    tags: Tag[];
    /** When to retry a failed attempt. */
    retry: RetryPolicy;
    /**
     * The maximum number of concurrent runs of this case, at least 1. While this many are running,
     * scheduled runs are skipped and counted.
     */
    maxInFlight: number;
  }
  /**
   * Returns the cases of this component. The host calls it once when it loads the component, in a separate
   * instance and with a time limit. In this call, only `log` and `verdict` can be used.
   */
  export function cases(): TestCase[];
  /**
   * Runs the case with this name. The host calls it in a new instance for each attempt.
   *
   * The attempt passes if it returns `ok` and `verdict.fail` was not called. The error is the reason of the
   * failure, as text for people.
   *
   * @throws an error whose `payload` is a `string`
   */
  export function run(name: string): void;
}

/** Failing a run. */
declare module "orbital:test/verdict@0.1.0" {
  /**
   * Marks the run as failed, with a reason, and continues. The outcome of the run is then `fail`, even if it
   * times out or traps later. Can be called several times; all reasons are reported.
   */
  export function fail(message: string): void;
}
