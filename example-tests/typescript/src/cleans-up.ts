// A test that removes its data, whether it passes or not.

import { test } from "orbital-sdk";

/** Time limit for the delivery: less than the case's timeout, so that there is time to clean up. */
const LATEST = "3s";

test("cleans-up", { every: "5s", timeout: "5s" }, (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } }).success();
  try {
    const delivery = t.waitFor(id, LATEST);
    t.checkEq(delivery.json().processed, true);
  } finally {
    t.request({ method: "DELETE", target: "api", path: `/${id}` }).success();
  }
});
