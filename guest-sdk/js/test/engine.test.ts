// What the engine QuickJS is given, in Node.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { makeConsole } from "../dist/engine/console.js";
import { jobs, QueuedPromise, unhandledRejections } from "../dist/engine/promise.js";
import { makeCrypto, makeRandom } from "../dist/engine/random.js";
import { renew, renewed, renewing } from "../dist/engine/renewal.js";
import { Timers } from "../dist/engine/timers.js";
import { Utf8Decoder, Utf8Encoder } from "../dist/engine/utf8.js";

test("promises keep what Promises/A+ asks for", async () => {
  // The adapter's promises settle when the queue is emptied, which something must do while its tests wait.
  const pump = setInterval(() => jobs.drain(), 1);
  const suite = createRequire(import.meta.url)("promises-aplus-tests");
  const failures: string[] = [];
  const reporter = function (runner: { on(event: string, callback: (...given: never[]) => void): void }) {
    runner.on("fail", ((given: { fullTitle(): string }, error: Error) => failures.push(`${given.fullTitle()}: ${error.message}`)) as never);
  };
  const result = await new Promise<unknown>((resolve) => {
    suite({ deferred: () => QueuedPromise.withResolvers() }, { reporter, bail: false }, resolve);
  });
  clearInterval(pump);
  unhandledRejections.clear();
  assert.deepEqual([result, failures], [null, []]);
});

test("several promises are one", () => {
  const seen: unknown[] = [];
  const see = (value: unknown) => seen.push(value);
  const { resolve, reject } = QueuedPromise;
  QueuedPromise.all([1, resolve(2)]).then(see);
  QueuedPromise.all([]).then(see);
  QueuedPromise.all([1, reject("no")]).then(see, see);
  QueuedPromise.any([reject("a"), resolve("b")]).then(see);
  QueuedPromise.any([reject("a")]).catch((error: unknown) => see((error as AggregateError).errors));
  QueuedPromise.race([new QueuedPromise(() => {}), resolve("first")]).then(see);
  QueuedPromise.allSettled([1, reject("no")]).then((all) => see(all.map(({ status }) => status)));
  resolve(1).finally(() => resolve("ignored")).then(see);
  QueuedPromise.try(() => "tried").then(see);
  jobs.drain();
  assert.deepEqual(new Set(seen.map((value) => JSON.stringify(value))), new Set(['[1,2]', "[]", '"no"', '"b"', '["a"]', '"first"', '["fulfilled","rejected"]', "1", '"tried"']));
});

test("a rejection that nobody handles is remembered until somebody does", () => {
  const promise = QueuedPromise.reject("lost");
  assert.deepEqual([...unhandledRejections.values()], ["lost"]);
  promise.catch(() => {});
  assert.equal(unhandledRejections.size, 0);
  jobs.drain();
});

test("timers fire in the order in which they are due", () => {
  let now = 0;
  const timers = new Timers(() => now);
  const fired: string[] = [];
  timers.set(() => fired.push("b"), 20, false, []);
  timers.set((name) => fired.push(String(name)), 10, false, ["a"]);
  const repeated = timers.set(() => fired.push("r"), 15, true, []);
  timers.clear(timers.set(() => fired.push("never"), 1, false, []));
  for (let pause = timers.pause(); pause !== undefined && now < 40; pause = timers.pause()) {
    now += pause;
    timers.fire();
  }
  timers.clear(repeated);
  assert.deepEqual(fired, ["a", "r", "b", "r", "r"]);
  assert.equal(timers.pause(), undefined);
});

test("texts become the bytes that Node makes of them, and back", () => {
  const texts = ["", "a", "aé€😀\0\uffff", "\ud800b\udc00", "x".repeat(20_000), "😀".repeat(5000)];
  for (const text of texts) {
    const bytes = new Utf8Encoder().encode(text);
    assert.deepEqual(bytes, new TextEncoder().encode(text));
    assert.equal(new Utf8Decoder().decode(bytes), new TextDecoder().decode(bytes));
  }
});

test("bytes that are not UTF-8 are replaced as Node does it", () => {
  const samples = [[0xff, 0x61], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f, 0x98, 0x41], [0xef, 0xbb, 0xbf, 0x61], [0xe0, 0x80, 0x80]];
  for (const sample of samples) {
    const bytes = Uint8Array.from(sample);
    assert.equal(new Utf8Decoder().decode(bytes), new TextDecoder().decode(bytes), String(sample));
  }
  assert.throws(() => new Utf8Decoder("utf-8", { fatal: true }).decode(Uint8Array.of(0xff)), TypeError);
  assert.throws(() => new Utf8Decoder("latin1"), /knows UTF-8 alone/);
});

test("random numbers are between 0 and 1, and depend on the seed", () => {
  const from = (seed: number) => makeRandom((length) => new Uint8Array(length).fill(seed));
  const random = from(1);
  const numbers = Array.from({ length: 10_000 }, random);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number) / numbers.length;
  assert.ok(mean > 0.48 && mean < 0.52, `${mean}`);
  assert.notEqual(from(1)(), from(2)());
  const { randomUUID } = makeCrypto((length) => new Uint8Array(length).fill(0xff));
  assert.equal(randomUUID(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
});

test("generators that were made while the suite was loaded get a seed of their own in a run", () => {
  const make = () => ({ seeds: [] as unknown[], seed(...values: unknown[]) { this.seeds.push(values[0]); } });
  class Generator {
    seeds: unknown[] = [];
    constructor(readonly options?: { seed?: number }) {}
    seed(...values: unknown[]) {
      this.seeds.push(values[0]);
    }
  }
  const [shared, chosen] = [renewed(make()), renewed(make())];
  chosen.seed(7);
  const Renewing = renewing(Generator);
  const [own, fixed] = [new Renewing(), new Renewing({ seed: 7 })];
  assert.ok(own instanceof Generator && own instanceof Renewing);
  renew();
  assert.deepEqual([shared.seeds, chosen.seeds, own.seeds, fixed.seeds], [[undefined], [7], [undefined], []]);
  assert.equal(renewed("text"), "text");
});

test("the console writes lines with a level", () => {
  const lines: string[] = [];
  const console = makeConsole((level, text) => lines.push(`${level} ${text}`));
  console.log("a", 1, { b: [true] }, null, undefined);
  console.warn("%s is %d%%", "it", 5, "more");
  console.group("inside");
  console.debug("x\ny");
  console.groupEnd();
  console.assert(false, "odd");
  assert.deepEqual(lines, ['info a 1 {"b":[true]} null undefined', "warn it is 5% more", "info inside", "debug   x\n  y", "error assertion failed odd"]);
});
