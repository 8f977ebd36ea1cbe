// The pipeline counts the events that it accepts.

import { test, type Test } from "orbital-sdk";

/** A type that no other case sends, so that only this test changes its counter. */
const COUNTER = 'pipeline_events_accepted_total{type="invoice"}';

/** How long the counter may take to be updated. */
const LAG = "2s";

test("counters", { every: "1s", timeout: "5s" }, (t) => {
  const before = counter(t);
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, type: "invoice", email: "ada@example.com" } });

  const delivery = t.waitFor(id);
  t.checkEq(delivery.pointer("/destination"), "ledger");
  t.eventually(LAG, () => {
    const after = counter(t);
    if (after <= before) {
      throw new Error(`${COUNTER} is ${after}, as before the event`);
    }
  });
});

/** The counter's value; 0 before it appears. */
function counter(t: Test): number {
  const metrics = t.request({ target: "pipeline", path: "/metrics" }).success();
  const line = metrics.text().split("\n").find((line) => line.startsWith(COUNTER));
  return line === undefined ? 0 : Number(line.slice(COUNTER.length));
}
