// The webhook of a fake run: what is on its way to it, and what has come.

import type { Delivery, PlannedReply } from "orbital:test/deliveries@0.1.0";
import type { FakeClock } from "./clock.js";

/** What the webhook answers where nothing is planned. */
const TAKEN: PlannedReply = { status: 200, delayMs: 0, headers: [], body: new Uint8Array(0) };

/** Hears of each delivery, with what the webhook answered. */
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

  /** Plans the replies to the deliveries of a key, in place of earlier ones. */
  plan(key: string, replies: PlannedReply[]) {
    this.#replies.set(key, [...replies]);
  }

  /** Sends a delivery on its way. */
  send(delivery: Delivery, afterMs: number) {
    this.#coming.push({ at: this.#clock.elapsedMs + afterMs, delivery });
    // Stable, so that those of the same time come in the order in which they were sent.
    this.#coming.sort((left, right) => left.at - right.at);
  }

  /** Takes the next `n` deliveries of these keys; undefined if there are fewer within this time. */
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

  /** What is due by now has come, and is answered. */
  #receive() {
    while (this.#coming[0] !== undefined && this.#coming[0].at <= this.#clock.elapsedMs) {
      const { delivery } = this.#coming.shift()!;
      const received = { ...delivery, receivedAt: this.#clock.now() };
      this.#come.push(received);
      this.#answered(received, this.#replies.get(delivery.key)?.shift() ?? TAKEN);
    }
  }
}
