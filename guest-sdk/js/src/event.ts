// Events, requests, and the webhook's responses to deliveries.

import type { PlannedReply } from "orbital:test/deliveries@0.1.0";
import type * as contract from "orbital:test/events@0.1.0";
import { type Content, content } from "./content.js";
import { type Duration, milliseconds } from "./duration.js";

/** The destination and the timeout of a request. */
interface Route {
  /** The name of the target. The host's configuration must define it. */
  target: string;
  /** A path that is appended to the target's URL: empty, or starting with `/`. May include a query. */
  path?: string;
  /** The timeout for the request and its response. The default is the target's own timeout. */
  timeout?: Duration;
}

/**
 * An event. A case sends it to a target, with `POST`, and the system under test delivers it to the webhook:
 * `{ target: "api", key: id, json: { id } }`.
 */
export interface Event extends Route, Content {
  /**
   * The key that the delivery will have, if the test chooses the key. The host expects the key before it sends the
   * event, so even the fastest delivery is not lost.
   */
  key?: string;
}

/**
 * A request to a target that is not an event, such as one that reads or prepares data:
 * `{ target: "pipeline", path: "/metrics" }`.
 */
export interface Request extends Route, Content {
  /** The HTTP method. The default is `GET`. */
  method?: string;
}

/**
 * The webhook's response to one delivery, to test how the system under test handles it:
 * `{ status: 503, headers: { "retry-after": "1" } }`.
 */
export interface Reply extends Content {
  /** The HTTP status, 200 to 599. */
  status: number;
  /** How long the webhook waits before it responds, at most one minute. */
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
