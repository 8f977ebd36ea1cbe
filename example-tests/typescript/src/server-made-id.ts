// The pipeline creates the id, so it may deliver before the test knows it.

import { test } from "orbital-sdk";

test("server-made-id", { every: "1s", timeout: "3s" }, (t) => {
  const receipt = t.sendEvent({ target: "api", json: { email: "ada@example.com" } }).success();
  const id: string = receipt.pointer("/id");
  const delivery = t.waitFor(id);
  t.checkEq(delivery.pointer("/email"), "ada@example.com");
});
