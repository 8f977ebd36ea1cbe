// One event, three deliveries, in the order that the pipeline guarantees.

import { type Delivery, test } from "orbital-sdk";

test("fan-out", { every: "1s", timeout: "5s" }, (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, type: "order", email: "ada@example.com" } });

  const deliveries = t.waitN([id], 3);
  for (const delivery of deliveries) {
    const destination = destinationOf(delivery);
    t.check(delivery.path.endsWith(`/hooks/${destination}`), `${destination} got ${delivery.path}`);
  }
  if (t.checkEq(deliveries.map(destinationOf), ["billing", "shipping", "analytics"])) {
    t.histogram("fan_out_spread_seconds", spread(deliveries));
  }
});

function destinationOf(delivery: Delivery): string {
  return delivery.pointer("/destination");
}

/** Seconds between the first and the last delivery, as the webhook received them. */
function spread(deliveries: Delivery[]): number {
  const times = deliveries.map((delivery) => delivery.receivedAt);
  return Math.max(...times) - Math.min(...times);
}
