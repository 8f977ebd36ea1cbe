// The case with a fake host instead of a system under test.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeHost } from "orbital-sdk/fake";
import "../src/smoke.js";

/**
 * A system under test that delivers each event.
 * @param {boolean} processed
 */
const system = (processed) => fakeHost().onEvent(() => [{ json: { processed }, after: "20ms" }]);

test("it passes if the event is processed", async () => {
  const run = await system(true).run("smoke");
  assert.deepEqual([run.outcome, run.messages], ["pass", []]);
  assert.equal(run.sent[0]?.target, "api");
});

test("it fails if the event is not processed", async () => {
  assert.equal((await system(false).run("smoke")).outcome, "fail");
});

test("it times out if nothing is delivered", async () => {
  assert.equal((await fakeHost().run("smoke")).outcome, "timeout");
});
