// The email address of the sign-up is different in each environment.

import { test } from "orbital-sdk";

test("configured", { every: "5s", timeout: "3s" }, (t) => {
  // The default if the operator sets none; no one reads mail to it.
  const email = t.config("email") ?? "ada@example.com";
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id, email } }).success();

  const delivery = t.waitFor(id);
  t.checkEq(delivery.pointer("/email"), email);
});
