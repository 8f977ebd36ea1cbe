import assert from "node:assert/strict";
import { test } from "node:test";
import { type CaseOptions, makeCase } from "../dist/case.js";

const nothing = () => {};

const refusal = (options: unknown, name = "smoke"): string => {
  try {
    makeCase(name, options as CaseOptions, nothing);
  } catch (error) {
    return (error as Error).message;
  }
  assert.fail("it was taken");
};

test("a case is declared in the words of the contract", () => {
  const { declared } = makeCase(
    "fan-out",
    { cron: "0 7 * * *", zone: "Europe/Madrid", timeout: "1m 30s", tags: { team: "growth" }, retries: 2, retryDelay: "1s", maxInFlight: 3 },
    nothing,
  );
  assert.deepEqual(declared, {
    name: "fan-out",
    schedule: { tag: "cron", val: { expression: "0 7 * * *", zone: "Europe/Madrid" } },
    timeoutMs: 90_000,
    tags: [{ name: "team", value: "growth" }],
    retry: { retries: 2, delayMs: 1000 },
    maxInFlight: 3,
  });
  assert.deepEqual(makeCase("a", { every: "250ms" }, nothing).declared.schedule, { tag: "every", val: 250 });
  assert.deepEqual(makeCase("a", { manual: true }, nothing).declared.schedule, { tag: "manual" });
});

test("what cannot be a case is refused with its name and the fix", () => {
  const schedules = '`every: "1s"`, `cron: "0 7 * * *"` or `manual: true`';
  assert.equal(refusal({}), `case \`smoke\`: a case needs a schedule: ${schedules}`);
  assert.equal(refusal({ every: "1s", manual: true }), `case \`smoke\`: a case has one schedule; keep one of ${schedules}`);
  assert.equal(refusal({ every: "soon" }), 'case `smoke`: `every`: `soon` is not a duration; write one such as "1s" or "250ms"');
  assert.equal(refusal({ every: "0s" }), 'case `smoke`: `every`: must be longer than zero; the shortest is "1ms"');
  assert.equal(refusal({ manual: true, timeout: "50d" }), "case `smoke`: `timeout`: `50d` is too long; the maximum is 49 days; use `cron` for longer periods");
  assert.match(refusal({ every: "1s", zone: "UTC" }), /`zone` requires `cron`; remove it/);
  assert.match(refusal({ every: "1s", retryDelay: "1s" }), /add `retries: 1` or remove it/);
  assert.match(refusal({ every: "1s", retries: 11 }), /11 retries are too many; at most 10/);
  assert.match(refusal({ every: "1s", tags: { "a-b": "" } }), /`a-b` cannot be a tag's name/);
  assert.match(refusal({ every: "1s", maxInFlight: 0 }), /at least 1/);
  assert.match(refusal({ cron: "* * * *" }), /this one has 4/);
  assert.match(refusal({ every: "1s", time: "3s" }), /unknown option `time`; the options are every, cron/);
  assert.match(refusal({ every: "1s" }, "a/b"), /`a\/b` cannot be a case's name/);
  assert.match(refusal(nothing), /must be the options with a schedule/);
});
