// What a case says and measures.

import { test } from "orbital-sdk";

test("logs", { manual: true, timeout: "5s" }, (t) => {
  t.log.debug("level debug", { n: 1 });
  t.log.info("level info", { n: 2 });
  t.log.warn("level warn", { n: 3 });
  t.log.error("level error", { n: 4 });
  console.log("printed");
  console.error("complained");
});

test("metrics", { manual: true, timeout: "5s" }, (t) => {
  t.counter("items_total", 3, { kind: "new" });
  t.gauge("depth", 7);
  t.histogram("spread_seconds", 0.5);
});

test("config", { manual: true, timeout: "5s" }, (t) => {
  t.log.info(t.requireConfig("greeting"));
  t.requireConfig("missing");
});

test("context", { manual: true, timeout: "5s" }, (t) => {
  const { case: name, attempt, environment } = t.context();
  t.log.info(`context ${name} ${attempt} ${environment}`);
});

// Neither engine writes bytes: what goes to the console is text.
test("non-utf8", { manual: true, timeout: "5s" }, () => {
  console.log("\ud800");
});

// What is no character: half of a pair.
const bytes = "got \udc8b\udcff";

test("invalid-text", { manual: true, timeout: "5s" }, (t) => {
  t.log.info(bytes, { n: bytes });
  t.expect(bytes + t.newId());
  const asked = t.request({ target: "encodings", path: "/\udc8b\udcff" });
  t.log.info(asked.text());
  t.counter("invalid_text_total", 1, { kind: bytes });
  t.config(bytes);
  t.fail(bytes);
});

test("invalid-end", { manual: true, timeout: "5s" }, () => {
  throw new Error(bytes);
});
