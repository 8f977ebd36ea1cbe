// What the system under test delivered.

import type * as contract from "orbital:test/deliveries@0.1.0";
import { beginning, Message } from "./body.js";

/** A request that the webhook received for this run. */
export class Delivery extends Message {
  /** The key that tied it to this run. */
  readonly key: string;
  /** The method, in capitals. */
  readonly method: string;
  /** The path, as it was sent. */
  readonly path: string;
  /** What came after the first `?` of the URL; empty if nothing did. */
  readonly query: string;
  /** Seconds since the Unix epoch when its last byte had come, by the host's clock. */
  readonly receivedAt: number;
  /**
   * Seconds from the sending of the event to the receipt of this delivery; undefined if the host cannot tell
   * which event it belongs to.
   */
  readonly latency: number | undefined;

  constructor(delivery: contract.Delivery) {
    super(delivery.headers, delivery.body);
    this.key = delivery.key;
    this.method = delivery.method;
    this.path = delivery.path;
    this.query = delivery.query;
    this.receivedAt = delivery.receivedAt;
    this.latency = delivery.latency ?? undefined;
  }

  /** The request line and the beginning of the body: enough to recognise it by. */
  override toString(): string {
    const query = this.query === "" ? "" : `?${this.query}`;
    return `${this.method} ${this.path}${query} with ${beginning(this.body)}`;
  }
}
