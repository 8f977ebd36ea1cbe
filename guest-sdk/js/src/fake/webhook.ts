// The webhook of a fake run: future deliveries, and those that have arrived.

import type { Delivery, PlannedReply } from "orbital:test/deliveries@0.1.0";
import type { FakeClock } from "./clock.js";

/** The webhook's default response. */
const TAKEN: PlannedReply = { status: 200, delayMs: 0, headers: [], body: new Uint8Array(0) };

/** Called with each delivery and the webhook's response. */
export type Answered = (delivery: Delivery, reply: PlannedReply) => void;

export class FakeWebhook {
  readonly #clock: FakeClock;
  readonly #answered: Answered;
  readonly #replies = new Map<string, PlannedReply[]>();
  #coming: { at: number; delivery: Delivery }[] = [];
  #come: Delivery[] = [];

  constructor(clock: FakeClock, answered: Answered) {
    this.#clock = clock;
    this.#answered = answered;
  }

  /** Sets the responses to the deliveries with a key, replacing earlier ones. */
  plan(key: string, replies: PlannedReply[]) {
    this.#replies.set(key, [...replies]);
  }

  /** Schedules a delivery. */
  send(delivery: Delivery, afterMs: number) {
    this.#coming.push({ at: this.#clock.elapsedMs + afterMs, delivery });
    // The sort is stable, so deliveries of the same time arrive in the order in which they were sent.
    this.#coming.sort((left, right) => left.at - right.at);
  }

  /** Returns the next `n` deliveries with these keys, or undefined if fewer arrive within this time. */
  take(keys: string[], n: number, withinMs: number): Delivery[] | undefined {
    const end = this.#clock.elapsedMs + withinMs;
    const doing = `waiting for a delivery with key ${keys.map((key) => `\`${key}\``).join(", ")}`;
    this.#receive();
    while (this.#of(keys).length < n) {
      const next = this.#coming[0];
      if (next === undefined || next.at > end) {
        this.#clock.moveTo(end, doing);
        return undefined;
      }
      this.#clock.moveTo(next.at, doing);
      this.#receive();
    }
    const taken = this.#of(keys).slice(0, n);
    this.#come = this.#come.filter((delivery) => !taken.includes(delivery));
    return taken;
  }

  #of(keys: string[]): Delivery[] {
    return this.#come.filter(({ key }) => keys.includes(key));
  }

  /** Receives, and responds to, the deliveries that are due. */
  #receive() {
    while (this.#coming[0] !== undefined && this.#coming[0].at <= this.#clock.elapsedMs) {
      const { delivery } = this.#coming.shift()!;
      const received = { ...delivery, receivedAt: this.#clock.now() };
      this.#come.push(received);
      this.#answered(received, this.#replies.get(delivery.key)?.shift() ?? TAKEN);
    }
  }
}
