// A delivery that fails is tried again, until it is taken.

import { type Delivery, test, type Test } from "orbital-sdk";

/** Longer than the pipeline waits for an answer (`--attempt-timeout`). */
const HANG = "3s";

/** How late a further attempt may be: the pipeline has to give up the last one, and to pause. */
const LAG = "2s";

/** How long an attempt too many may take to give itself away. */
const WATCH = "500ms";

test("retries-delivery", { every: "5s", timeout: "10s" }, (t) => {
  const id = t.newId();
  // Before the event is sent, so that the first delivery is answered so already.
  t.expect(id, [{ status: 500 }, { status: 200, delay: HANG }, { status: 200 }]);
  t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } });

  const first = t.waitFor(id);
  for (const failure of ["answered with 500", "left without an answer"]) {
    const again = nextAttempt(t, id, failure);
    t.checkEq(again.json(), first.json());
  }
  t.noDeliveryWithin(id, WATCH);
});

function nextAttempt(t: Test, id: string, failure: string): Delivery {
  try {
    return t.waitFor(id, LAG);
  } catch (cause) {
    throw new Error(`a delivery that was ${failure} is not tried again`, { cause });
  }
}
