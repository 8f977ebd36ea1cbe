import assert from "node:assert/strict";
import { test as nodeTest } from "node:test";
import { fakeHost } from "../dist/fake/fake.js";
import { ExpectError, MetricError, SendError, test, WaitError } from "../dist/index.js";

test("smoke", { every: "1s", timeout: "3s" }, async (t) => {
  const id = t.newId();
  t.sendEvent({ target: "api", key: id, json: { id } }).success();
  const delivery = t.waitFor(id);
  t.checkEq(delivery.json().processed, true);
  t.log.info("came", { latency: delivery.latency });
});

nodeTest("a case that is served passes, at once", async () => {
  const fake = fakeHost().onEvent((event) => [{ path: "/hooks/crm", json: { ...event.json(), processed: true }, after: "2s" }]);
  const run = await fake.run("smoke");
  assert.deepEqual([run.outcome, run.messages, run.duration], ["pass", [], 2]);
  assert.equal(run.sent[0]!.header("content-type"), "application/json");
  assert.deepEqual(run.logs, [{ level: "info", message: "came", fields: { latency: "2" } }]);
});

nodeTest("a delivery that differs fails it, with the place of the check", async () => {
  const run = await fakeHost().onEvent(() => [{ json: { processed: false } }]).run("smoke");
  assert.equal(run.outcome, "fail");
  assert.match(run.messages[0]!, /^check failed: false is not true \(\.test\/fake\.test\.js:\d+\)\n {3}left: false\n {2}right: true$/);
});

nodeTest("a delivery that does not come is a timeout", async () => {
  const run = await fakeHost().run("smoke");
  assert.deepEqual([run.outcome, run.duration], ["timeout", 3]);
  assert.match(run.messages[0]!, /^timed out after 3000ms waiting for a delivery with key `key-\d+` \(/);
});

nodeTest("an answer that is none is an error, and so is another status", async () => {
  const run = await fakeHost().onEvent(() => ({ error: { tag: "unreachable", val: "connection refused" } })).run("smoke");
  assert.equal(run.outcome, "fail");
  assert.match(run.messages[0]!, /^the target did not answer: connection refused \(\.test\/fake\.test\.js:\d+\)/);
  const refused = await fakeHost().onEvent(() => ({ status: 503, body: "full" })).run("smoke");
  assert.match(refused.messages[0]!, /^the target answered 503 with `full` \(/);
});

nodeTest("what the webhook answers is planned, and the system can try again", async () => {
  const statuses: number[] = [];
  const fake = fakeHost()
    .onEvent(() => [{ body: "x" }])
    .onReply((delivery, status) => {
      statuses.push(status);
      return status < 300 ? [] : [{ body: delivery.body, after: "1s" }];
    });
  const run = await fake.run((t) => {
    t.expect("k", [{ status: 500 }, { status: 503 }]);
    t.sendEvent({ target: "api", key: "k", body: "x" });
    t.checkEq(t.waitN(["k"], 3).map((delivery) => delivery.text()), ["x", "x", "x"]);
    t.noDeliveryWithin("k", "5s");
  });
  assert.deepEqual([run.outcome, run.messages, statuses], ["pass", [], [500, 503, 200]]);
});

nodeTest("a wait that ends without a delivery is an error to branch on", async () => {
  const run = await fakeHost().run((t) => {
    assert.throws(() => t.waitFor("k", "50ms"), (error) => error instanceof WaitError && error.code === "timeout");
    assert.throws(() => t.waitN([], 1), { code: "nothing-to-wait-for" });
  });
  assert.deepEqual([run.outcome, run.duration], ["pass", 0.05]);
});

nodeTest("a delivery too many is described", async () => {
  const fake = fakeHost().onEvent(() => [{ path: "/hooks/crm", query: "a=1", json: {} }]);
  const run = await fake.run((t) => {
    t.sendEvent({ target: "api", key: "k" });
    t.noDeliveryWithin("k", "1.5s");
  });
  const text = "expected no delivery with the key `k` within 1.5s, but received: POST /hooks/crm?a=1 with `{}` (";
  assert.equal(run.messages[0]!.slice(0, text.length), text);
});

nodeTest("eventually tries with pauses that double, and says the last reason", async () => {
  const run = await fakeHost().run((t) => {
    let attempts = 0;
    t.eventually("1500ms", () => {
      attempts += 1;
      t.log.debug(`${attempts}`);
      throw new Error("the counter is 3");
    });
  });
  assert.equal(run.logs.length, 9);
  assert.match(run.messages[0]!, /^the counter is 3 \(\.test\/fake\.test\.js:\d+\), still so after 1\.5s \(/);
  const passed = await fakeHost().run(async (t) => {
    let attempts = 0;
    const value = await t.eventually("1s", async () => {
      attempts += 1;
      if (attempts < 3) throw new Error("not yet");
      return attempts;
    });
    t.checkEq(value, 3);
  });
  assert.equal(passed.outcome, "pass");
});

nodeTest("what a test reads and measures goes through the fake", async () => {
  const run = await fakeHost().config({ greeting: "hello" }).run((t) => {
    t.checkEq(t.requireConfig("greeting"), "hello");
    t.checkEq(t.config("missing"), undefined);
    t.counter("items_total", 3, { kind: "new" });
    t.sleep("1s");
    t.checkEq(t.timeLeft(), 9);
    t.requireConfig("missing");
  });
  assert.deepEqual(run.metrics, [{ kind: "counter", name: "items_total", value: 3, labels: { kind: "new" } }]);
  assert.match(run.messages.join(), /^`missing` is not set in the host's configuration of this component \(/);
});

nodeTest("errors have the texts of every SDK", () => {
  const texts = [
    new SendError({ tag: "unknown-target", val: "x" }),
    new SendError({ tag: "too-large", val: 5 }),
    new WaitError({ tag: "timeout" }),
    new WaitError({ tag: "overflow", val: 2 }),
    new ExpectError({ tag: "taken" }),
    new MetricError({ tag: "too-many-series", val: 200 }),
  ].map(String);
  assert.deepEqual(texts, [
    "SendError: unknown target: x",
    "SendError: the target's answer is larger than 5 bytes",
    "WaitError: timed out waiting for a delivery",
    "WaitError: 2 deliveries were dropped: the key's queue was full",
    "ExpectError: another run expects this key",
    "MetricError: the component has reached its limit of 200 series",
  ]);
});
