// The same event twice, one delivery.

import { test } from "orbital-sdk";

/** How long to wait for a duplicate. */
const WATCH = "300ms";

test("exactly-once", { every: "1s", timeout: "5s" }, (t) => {
  const id = t.newId();
  const event = { target: "api", key: id, json: { id, email: "ada@example.com" } };
  const first = t.sendEvent(event).success();
  t.checkEq(first.pointer("/duplicate"), false);
  const second = t.sendEvent(event).success();
  t.checkEq(second.pointer("/duplicate"), true);

  t.waitFor(id);
  t.noDeliveryWithin(id, WATCH);
});
