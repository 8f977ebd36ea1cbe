// Whom the test signs up is another one in each environment.

import { test } from "orbital-sdk";

test("configured", { every: "5s", timeout: "3s" }, (t) => {
  // Where the operator sets none, nobody reads this mail.
  const email = t.config("email") ?? "ada@example.com";
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, email } }).success();

  const delivery = t.waitFor(id);
  t.checkEq(delivery.pointer("/email"), email);
});
