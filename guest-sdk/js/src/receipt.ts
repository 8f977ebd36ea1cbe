// Responses of targets.

import type * as contract from "orbital:test/events@0.1.0";
import { beginning, Message } from "./body.js";
import { StatusError } from "./errors.js";

/** A target's response, with any status. */
export class Receipt extends Message {
  /** The HTTP status, 100 to 999. */
  readonly status: number;
  /** The time from the start of the request to the last byte of the response, in seconds. */
  readonly latency: number;

  constructor(receipt: contract.Receipt) {
    super(receipt.headers, receipt.body);
    this.status = receipt.status;
    this.latency = receipt.latency;
  }

  /** Returns this response if its status is 200 to 299. Throws a `StatusError` otherwise. */
  success(): this {
    if (this.status >= 200 && this.status < 300) {
      return this;
    }
    throw new StatusError(this, `the target answered ${this.status} with ${beginning(this.body)}`);
  }
}
