// Errors, in types that a test can handle: `error instanceof WaitError && error.code === "timeout"`. The messages are
// the same in the SDK of every language.

import type * as deliveries from "orbital:test/deliveries@0.1.0";
import type * as events from "orbital:test/events@0.1.0";
import type * as metrics from "orbital:test/metrics@0.1.0";
import type { Receipt } from "./receipt.js";

/** The base class of the errors of this package. */
export class OrbitalError extends Error {
  /** The kind of error, such as `"timeout"`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The error of `t.noDeliveryWithin`, `t.requireConfig` and `t.eventually`. */
export class Failure extends OrbitalError {
  declare readonly code: "unexpected-delivery" | "not-configured" | "not-eventually";

  constructor(code: Failure["code"], message: string) {
    super(code, message);
  }
}

/** An error of reading a body. The message includes the start of the body. */
export class BodyError extends OrbitalError {
  declare readonly code: "json" | "missing";

  constructor(code: BodyError["code"], message: string) {
    super(code, message);
  }
}

/** The error for a response whose status is not 200 to 299. */
export class StatusError extends OrbitalError {
  declare readonly code: "status";
  /** The response. */
  readonly receipt: Receipt;

  constructor(receipt: Receipt, message: string) {
    super("status", message);
    this.receipt = receipt;
  }
}

/** The reason why there is no response. A response with an error status is not a `SendError`. */
export class SendError extends OrbitalError {
  declare readonly code: events.SendError["tag"];

  constructor(error: events.SendError) {
    super(error.tag, sendText(error));
  }
}

/** The reason why a key cannot be expected. */
export class ExpectError extends OrbitalError {
  declare readonly code: deliveries.ExpectError["tag"];

  constructor(error: deliveries.ExpectError) {
    super(error.tag, expectText(error));
  }
}

/** The reason why waiting returned no delivery. */
export class WaitError extends OrbitalError {
  declare readonly code: deliveries.WaitError["tag"];

  constructor(error: deliveries.WaitError) {
    super(error.tag, waitText(error));
  }
}

/** The reason why a value was not recorded. */
export class MetricError extends OrbitalError {
  declare readonly code: metrics.MetricError["tag"];

  constructor(error: metrics.MetricError) {
    super(error.tag, metricText(error));
  }
}

/** Calls the host, and converts its error to one of these types. */
export function calling<E, T>(type: new (error: E) => OrbitalError, call: () => T): T {
  try {
    return call();
  } catch (error) {
    // Both engines throw an error that has the contract's value as its payload.
    const payload = (error as { payload?: E } | null)?.payload;
    throw payload === undefined ? error : new type(payload);
  }
}

function sendText(error: events.SendError): string {
  switch (error.tag) {
    case "unknown-target":
      return `unknown target: ${error.val}`;
    case "invalid":
      return `the request cannot be sent: ${error.val}`;
    case "taken":
      return "another run expects the event's key; nothing was sent";
    case "unreachable":
      return `the target did not answer: ${error.val}`;
    case "timeout":
      return "the target did not answer in time";
    case "too-large":
      return `the target's answer is larger than ${error.val} bytes`;
  }
}

function expectText(error: deliveries.ExpectError): string {
  switch (error.tag) {
    case "taken":
      return "another run expects this key";
    case "invalid-key":
      return `invalid key: ${error.val}`;
    case "invalid-reply":
      return `invalid reply: ${error.val}`;
  }
}

function waitText(error: deliveries.WaitError): string {
  switch (error.tag) {
    case "timeout":
      return "timed out waiting for a delivery";
    case "taken":
      return "another run expects this key";
    case "invalid-key":
      return `invalid key: ${error.val}`;
    case "nothing-to-wait-for":
      return "there is nothing to wait for: no key, or zero deliveries";
    case "overflow":
      return `${error.val} deliveries were dropped: the key's queue was full`;
  }
}

function metricText(error: metrics.MetricError): string {
  switch (error.tag) {
    case "invalid-name":
      return `invalid metric name: ${error.val}`;
    case "invalid-label":
      return `invalid metric label: ${error.val}`;
    case "invalid-value":
      return `invalid metric value: ${error.val}`;
    case "other-kind":
      return `the metric has another type: ${error.val}`;
    case "too-many-series":
      return `the component has reached its limit of ${error.val} series`;
  }
}
