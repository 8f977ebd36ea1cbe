// A failed delivery is retried until it is accepted.

import { type Delivery, test, type Test } from "orbital-sdk";

/** Longer than the pipeline waits for a response (`--attempt-timeout`). */
const HANG = "3s";

/** Time limit for a retry: the pipeline first gives up the previous attempt, and pauses. */
const LAG = "2s";

/** How long to wait for an unexpected further attempt. */
const WATCH = "500ms";

test("retries-delivery", { every: "5s", timeout: "10s" }, (t) => {
  const id = t.newId();
  // Plan the replies before sending the event, so that they apply to the first delivery.
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
