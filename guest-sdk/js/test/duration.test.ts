import assert from "node:assert/strict";
import { test } from "node:test";
import { type Duration, milliseconds } from "../dist/duration.js";

test("durations are read as people write them", () => {
  const durations: Duration[] = ["250ms", "1m 30s", "0s", "1.5s", "0.1s", "2h", "1d"];
  assert.deepEqual(durations.map(milliseconds), [250, 90_000, 0, 1500, 100, 7_200_000, 86_400_000]);
});

test("durations that the host cannot count are refused", () => {
  assert.throws(() => milliseconds("0.5ms"), /whole number of milliseconds/);
  assert.throws(() => milliseconds("50d"), /too long/);
  for (const text of ["", "5", "-1s", "1 s", "1y"]) {
    assert.throws(() => milliseconds(text as Duration), /is not a duration/, text);
  }
});
