// What a test sends to the system under test, and what the webhook is to answer.

import type { PlannedReply } from "orbital:test/deliveries@0.1.0";
import type * as contract from "orbital:test/events@0.1.0";
import { type Content, content } from "./content.js";
import { type Duration, milliseconds } from "./duration.js";

/** Where to, and for how long. */
interface Route {
  /** The name of a target, which the host's configuration must have. */
  target: string;
  /** Appended to the path of the target's URL: empty, or starting with `/`. It may have a query. */
  path?: string;
  /** Bounds the whole exchange; without it, the target's own setting does. */
  timeout?: Duration;
}

/**
 * What a case sends to a target, with `POST`, for the system under test to deliver to the webhook:
 * `{ target: "api", key: id, json: { id } }`.
 */
export interface Event extends Route, Content {
  /**
   * The key that the delivery will have, if the test chooses it. The host expects it before it sends the
   * event, so that no delivery can come too early.
   */
  key?: string;
}

/**
 * A request to a target that is not an event, to prepare something or to look something up:
 * `{ target: "pipeline", path: "/metrics" }`.
 */
export interface Request extends Route, Content {
  /** `GET` unless said otherwise. */
  method?: string;
}

/**
 * What the webhook answers to one delivery, to see how the system under test takes it:
 * `{ status: 503, headers: { "retry-after": "1" } }`.
 */
export interface Reply extends Content {
  /** 200 to 599. */
  status: number;
  /** Waits before answering, for at most a minute. */
  delay?: Duration;
}

export function toEvent(event: Event): contract.Event {
  return { key: event.key, ...route(event), ...content(event) };
}

export function toRequest(request: Request): contract.HttpRequest {
  return { method: request.method ?? "GET", ...route(request), ...content(request) };
}

export function toReply(reply: Reply): PlannedReply {
  const delayMs = reply.delay === undefined ? 0 : milliseconds(reply.delay);
  return { status: reply.status, delayMs, ...content(reply) };
}

function route({ target, path = "", timeout }: Route) {
  return { target, path, timeoutMs: timeout === undefined ? undefined : milliseconds(timeout) };
}
