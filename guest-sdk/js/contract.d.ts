// The contract with the host, `wit/*.wit`, as both engines show it to JavaScript. Written by hand, as no
// generator knows both; test/contract.test.ts holds it against the WIT.
//
// Where the engines differ: an option that is none comes as null from QuickJS and as undefined from
// StarlingMonkey; both take undefined. A result's error is thrown, as an error with the value in `payload`.

declare module "orbital:test/log@0.1.0" {
  export type Level = "debug" | "info" | "warn" | "error";
  export interface Field {
    name: string;
    value: string;
  }
  export function log(level: Level, message: string, fields: Field[]): void;
}

declare module "orbital:test/verdict@0.1.0" {
  export function fail(message: string): void;
}

declare module "orbital:test/context@0.1.0" {
  export interface RunContext {
    runId: string;
    component: string;
    case: string;
    attempt: number;
    environment: string;
    webhookUrl: string;
  }
  export function current(): RunContext;
  export function timeLeftMs(): number;
}

declare module "orbital:test/config@0.1.0" {
  export function get(name: string): string | null | undefined;
  export function all(): [string, string][];
}

declare module "orbital:test/clock@0.1.0" {
  export function now(): number;
  export function elapsed(): number;
  export function sleep(durationMs: number): void;
}

declare module "orbital:test/deliveries@0.1.0" {
  export interface Header {
    name: string;
    value: string;
  }
  export interface Delivery {
    key: string;
    method: string;
    path: string;
    query: string;
    headers: Header[];
    body: Uint8Array;
    receivedAt: number;
    latency: number | null | undefined;
  }
  export interface PlannedReply {
    status: number;
    delayMs: number;
    headers: Header[];
    body: Uint8Array;
  }
  export interface ExpectOptions {
    replies: PlannedReply[];
  }
  export type ExpectError =
    | { tag: "taken" }
    | { tag: "invalid-key"; val: string }
    | { tag: "invalid-reply"; val: string };
  export type WaitError =
    | { tag: "timeout" }
    | { tag: "taken" }
    | { tag: "invalid-key"; val: string }
    | { tag: "nothing-to-wait-for" }
    | { tag: "overflow"; val: number };
  export function newId(): string;
  /** Throws with an `ExpectError` as payload. */
  export function expect(key: string, options: ExpectOptions): void;
  /** Throws with a `WaitError` as payload. */
  export function waitFor(key: string, timeoutMs: number | undefined): Delivery;
  /** Throws with a `WaitError` as payload. */
  export function waitN(keys: string[], n: number, timeoutMs: number | undefined): Delivery[];
}

declare module "orbital:test/events@0.1.0" {
  import type { Header } from "orbital:test/deliveries@0.1.0";
  export interface Event {
    target: string;
    key: string | undefined;
    path: string;
    headers: Header[];
    body: Uint8Array;
    timeoutMs: number | undefined;
  }
  export interface HttpRequest {
    target: string;
    method: string;
    path: string;
    headers: Header[];
    body: Uint8Array;
    timeoutMs: number | undefined;
  }
  export interface Receipt {
    status: number;
    headers: Header[];
    body: Uint8Array;
    latency: number;
  }
  export type SendError =
    | { tag: "unknown-target"; val: string }
    | { tag: "invalid"; val: string }
    | { tag: "taken" }
    | { tag: "unreachable"; val: string }
    | { tag: "timeout" }
    | { tag: "too-large"; val: number };
  export type SendResult = { tag: "ok"; val: Receipt } | { tag: "err"; val: SendError };
  /** Throws with a `SendError` as payload. */
  export function sendEvent(event: Event): Receipt;
  export function sendEvents(events: Event[]): SendResult[];
  /** Throws with a `SendError` as payload. */
  export function request(request: HttpRequest): Receipt;
}

declare module "orbital:test/metrics@0.1.0" {
  export interface Label {
    name: string;
    value: string;
  }
  export type MetricError =
    | { tag: "invalid-name"; val: string }
    | { tag: "invalid-label"; val: string }
    | { tag: "invalid-value"; val: string }
    | { tag: "other-kind"; val: string }
    | { tag: "too-many-series"; val: number };
  /** Throws with a `MetricError` as payload. */
  export function counter(name: string, value: number, labels: Label[]): void;
  /** Throws with a `MetricError` as payload. */
  export function gauge(name: string, value: number, labels: Label[]): void;
  /** Throws with a `MetricError` as payload. */
  export function histogram(name: string, value: number, labels: Label[]): void;
}

/** What a component exports; nobody imports it. */
declare module "orbital:test/suite@0.1.0" {
  export type Schedule =
    | { tag: "every"; val: number }
    | { tag: "cron"; val: CronSchedule }
    | { tag: "manual" };
  export interface CronSchedule {
    expression: string;
    zone: string | undefined;
  }
  export interface Tag {
    name: string;
    value: string;
  }
  export interface RetryPolicy {
    retries: number;
    delayMs: number;
  }
  export interface TestCase {
    name: string;
    schedule: Schedule;
    timeoutMs: number | undefined;
    tags: Tag[];
    retry: RetryPolicy;
    maxInFlight: number;
  }
  export function cases(): TestCase[];
  export function run(name: string): void;
}

/** Of WASI, what the engine QuickJS needs: it has no random numbers of its own that differ between runs. */
declare module "wasi:random/random@0.2.0" {
  export function getRandomBytes(length: number): Uint8Array;
}
