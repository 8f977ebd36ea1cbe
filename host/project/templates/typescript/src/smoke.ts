// One event, one delivery.

import { test } from "orbital-sdk";

// Sends a sign-up to the target `api`, and waits for the delivery that it causes.
test("smoke", { every: "10s", timeout: "3s" }, (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } }).success();
  const delivery = t.waitFor(id);
  t.checkEq(delivery.json().processed, true);
});
