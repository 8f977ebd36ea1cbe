// Waiting for what does not come.

import { test, WaitError } from "orbital-sdk";

test("wait-timeout", { manual: true, timeout: "5s" }, (t) => {
  try {
    t.waitFor(t.newId(), "50ms");
  } catch (error) {
    if (!(error instanceof WaitError && error.code === "timeout")) {
      throw error;
    }
    t.log.info("timeout caught");
  }
});

test("waits-for-ever", { manual: true, timeout: "300ms" }, (t) => {
  t.waitFor(t.newId());
});
