// An event sent with Segment's own library, unchanged, as customers do.

import { Analytics } from "@segment/analytics-node";
import { test } from "orbital-sdk";

test("analytics-node", { every: "5s", timeout: "5s" }, async (t) => {
  const messageId = t.newId();
  // The library sends the event and does not know about keys, so the test expects the key itself.
  t.expect(messageId);

  // The host in the URL is the name of a target, whose address the operator sets.
  const analytics = new Analytics({ writeKey: "orbital", host: "http://segment", maxRetries: 0 });
  const failed = new Promise<never>((_, reject) => analytics.on("error", ({ reason }) => reject(reason)));
  analytics.track({ messageId, userId: "ada", event: "Signed Up", properties: { email: "ada@example.com" } });
  // Send everything before waiting: a wait blocks the whole test, including the library's timers and requests.
  await Promise.race([analytics.closeAndFlush(), failed]);

  const delivery = t.waitFor(messageId);
  t.checkEq(delivery.pointer("/event"), "Signed Up");
});
