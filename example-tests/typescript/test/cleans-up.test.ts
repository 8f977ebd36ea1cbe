// The case with a fake host instead of a system under test.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeHost } from "orbital-sdk/fake";
import "../src/cleans-up.ts";

/** A system under test that delivers each event. */
const system = (processed: boolean) => fakeHost().onEvent(() => [{ json: { processed } }]);

test("it passes if the sign-up is processed", async () => {
  const run = await system(true).run("cleans-up");
  assert.deepEqual([run.outcome, run.messages], ["pass", []]);
});

test("it fails if the sign-up is not processed", async () => {
  assert.equal((await system(false).run("cleans-up")).outcome, "fail");
});

test("it cleans up if nothing is delivered", async () => {
  const run = await fakeHost().run("cleans-up");
  assert.equal(run.outcome, "fail");
  assert.deepEqual(run.sent.map((sent) => sent.method), ["POST", "DELETE"]);
});
