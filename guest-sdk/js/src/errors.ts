// Why something did not go as a test wanted it, in types to branch on:
// `error instanceof WaitError && error.code === "timeout"`. The texts are the same in the SDK of every language.

import type * as deliveries from "orbital:test/deliveries@0.1.0";
import type * as events from "orbital:test/events@0.1.0";
import type * as metrics from "orbital:test/metrics@0.1.0";
import type { Receipt } from "./receipt.js";

/** What the errors of this package have in common. */
export class OrbitalError extends Error {
  /** What happened, to branch on. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A test's own expectation that was not met: `t.noDeliveryWithin`, `t.requireConfig`, `t.eventually`. */
export class Failure extends OrbitalError {
  declare readonly code: "unexpected-delivery" | "not-configured" | "not-eventually";

  constructor(code: Failure["code"], message: string) {
    super(code, message);
  }
}

/** A body that is not what was asked for. The text shows its beginning. */
export class BodyError extends OrbitalError {
  declare readonly code: "json" | "missing";

  constructor(code: BodyError["code"], message: string) {
    super(code, message);
  }
}

/** An answer whose status is not 200 to 299. */
export class StatusError extends OrbitalError {
  declare readonly code: "status";
  /** The answer. */
  readonly receipt: Receipt;

  constructor(receipt: Receipt, message: string) {
    super("status", message);
    this.receipt = receipt;
  }
}

/** Why there is no answer. An answer of any status is none of these. */
export class SendError extends OrbitalError {
  declare readonly code: events.SendError["tag"];

  constructor(error: events.SendError) {
    super(error.tag, sendText(error));
  }
}

/** Why a key cannot be expected. */
export class ExpectError extends OrbitalError {
  declare readonly code: deliveries.ExpectError["tag"];

  constructor(error: deliveries.ExpectError) {
    super(error.tag, expectText(error));
  }
}

/** Why there is no delivery. */
export class WaitError extends OrbitalError {
  declare readonly code: deliveries.WaitError["tag"];

  constructor(error: deliveries.WaitError) {
    super(error.tag, waitText(error));
  }
}

/** Why a value was not recorded. */
export class MetricError extends OrbitalError {
  declare readonly code: metrics.MetricError["tag"];

  constructor(error: metrics.MetricError) {
    super(error.tag, metricText(error));
  }
}

/** Calls the host, and makes the error that it answers one of these types. */
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
      return `the key cannot be one: ${error.val}`;
    case "invalid-reply":
      return `the reply cannot be one: ${error.val}`;
  }
}

function waitText(error: deliveries.WaitError): string {
  switch (error.tag) {
    case "timeout":
      return "what was waited for was not delivered in time";
    case "taken":
      return "another run expects this key";
    case "invalid-key":
      return `the key cannot be one: ${error.val}`;
    case "nothing-to-wait-for":
      return "there is nothing to wait for: no key, or zero deliveries";
    case "overflow":
      return `${error.val} deliveries were dropped: the key's queue was full`;
  }
}

function metricText(error: metrics.MetricError): string {
  switch (error.tag) {
    case "invalid-name":
      return `the metric's name cannot be one: ${error.val}`;
    case "invalid-label":
      return `the metric's label cannot be one: ${error.val}`;
    case "invalid-value":
      return `the metric cannot have this value: ${error.val}`;
    case "other-kind":
      return `the metric is of another kind: ${error.val}`;
    case "too-many-series":
      return `the component has ${error.val} series already, as many as it may`;
  }
}
