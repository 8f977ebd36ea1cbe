import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../dist/difference.js";
import { isEqual } from "../dist/equal.js";

test("short values are shown whole", () => {
  assert.equal(difference(false, true), "   left: false\n  right: true");
  assert.equal(difference(undefined, "a"), '   left: undefined\n  right: "a"');
});

test("of long values what differs is shown", () => {
  const left = Array.from({ length: 20 }, (_, index) => index);
  const right = left.with(10, 99);
  const expected = "- left\n+ right\n  …\n    7,\n    8,\n    9,\n-   10,\n+   99,\n    11,\n    12,\n    13,\n";
  assert.equal(difference(left, right), expected);
});

test("texts are compared by line", () => {
  assert.equal(difference("a\nb", "a\nc"), '- left\n+ right\n  "a\n- b"\n+ c"\n');
});

test("what is too long to compare is shown whole", () => {
  const long = (value: number) => Array.from({ length: 2000 }, () => value);
  assert.ok(difference(long(0), long(1)).startsWith("   left: [\n"));
});

test("the order of keys is no difference", () => {
  const [left, right] = [{ a: 1, b: { c: 2, d: 3 } }, { b: { d: 4, c: 2 }, a: 1 }];
  assert.equal(difference(left, right), '- left\n+ right\n  …\n    "a": 1,\n    "b": {\n      "c": 2,\n-     "d": 3\n+     "d": 4\n    }\n  }\n');
  assert.ok(isEqual({ a: 1, b: 2 }, { b: 2, a: 1 }));
});

test("values are equal as deep as they go", () => {
  assert.ok(isEqual([{ a: [1, null] }], [{ a: [1, null] }]));
  assert.ok(isEqual({ a: undefined }, {}));
  assert.ok(isEqual(new Set(["a"]), new Set(["a"])));
  assert.ok(isEqual(Number.NaN, Number.NaN));
  assert.ok(!isEqual([1], { 0: 1 }));
  assert.ok(!isEqual([1], [1, 2]));
  assert.ok(!isEqual("1", 1));
  assert.ok(!isEqual(null, {}));
});
