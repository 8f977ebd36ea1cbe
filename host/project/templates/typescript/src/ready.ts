// A case that needs no system under test: it passes if the component runs and gets no delivery for a new key.

import { test } from "orbital-sdk";

test("ready", { every: "1m", timeout: "1s" }, (t) => {
  const key = t.newId();
  t.log.info(`nobody knows the key ${key}, so nothing can come`);
  t.noDeliveryWithin(key, "10ms");
});
