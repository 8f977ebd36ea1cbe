// One event, one delivery.

import { test } from "orbital-sdk";

test("smoke", { every: "1s", timeout: "3s" }, (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, email: "ada@example.com" } });
  const delivery = t.waitFor(id);
  t.checkEq(delivery.json().processed, true);
});
