// Deliveries of the system under test.

import type * as contract from "orbital:test/deliveries@0.1.0";
import { beginning, Message } from "./body.js";

/** A request that the webhook received for this run. */
export class Delivery extends Message {
  /** The key that assigned the delivery to this run. */
  readonly key: string;
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The path, exactly as it was sent. */
  readonly path: string;
  /** The query string: the part of the URL after the first `?`, or empty. */
  readonly query: string;
  /** The time when the last byte was received, in seconds since the Unix epoch, by the host's clock. */
  readonly receivedAt: number;
  /**
   * The time from sending the event to receiving this delivery, in seconds. Undefined if the host cannot tell which
   * event the delivery belongs to.
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

  /** Returns the request line and the start of the body. */
  override toString(): string {
    const query = this.query === "" ? "" : `?${this.query}`;
    return `${this.method} ${this.path}${query} with ${beginning(this.body)}`;
  }
}
