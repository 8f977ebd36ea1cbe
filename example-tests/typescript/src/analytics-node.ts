// What a customer does who uses Segment's own library, unchanged.

import { Analytics } from "@segment/analytics-node";
import { test } from "orbital-sdk";

test("analytics-node", { every: "5s", timeout: "5s" }, async (t) => {
  const messageId = t.newId();
  // The library sends the event and knows nothing of keys, so the key is expected here.
  t.expect(messageId);

  // `fetch` takes the name of a target for a host, and the operator says where that is.
  const analytics = new Analytics({ writeKey: "orbital", host: "http://segment", maxRetries: 0 });
  const failed = new Promise<never>((_, reject) => analytics.on("error", ({ reason }) => reject(reason)));
  analytics.track({ messageId, userId: "ada", event: "Signed Up", properties: { email: "ada@example.com" } });
  // All is sent before the wait begins: waiting blocks the test, and with it the library's timers and requests.
  await Promise.race([analytics.closeAndFlush(), failed]);

  const delivery = t.waitFor(messageId);
  t.checkEq(delivery.pointer("/event"), "Signed Up");
});
