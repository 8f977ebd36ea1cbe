// The ways in which a case can end.

import { test } from "orbital-sdk";

test("passes", { manual: true, timeout: "5s" }, () => {});

test("fails", { manual: true, timeout: "5s" }, (t) => {
  t.fail("first");
  t.fail("second");
});

test("returns-error", { manual: true, timeout: "5s" }, () => {
  throw new Error("no invoice");
});

test("differs", { manual: true, timeout: "5s" }, (t) => {
  const invoice = (n: number) => ({ id: "7", items: [{ sku: "a", n: 1 }, { sku: "b", n }] });
  t.checkEq(invoice(2), invoice(3));
});

test("uncaught", { manual: true, timeout: "5s" }, async () => {
  await Promise.resolve();
  nameOf(undefined);
});

function nameOf(user: unknown): string {
  return (user as { name: string }).name.toUpperCase();
}

test("loops", { manual: true, timeout: "300ms" }, () => {
  for (let number = 0; ; number++) {
    Math.sqrt(number);
  }
});

test("churns", { manual: true, timeout: "5s" }, (t) => {
  let sum = 0;
  for (let piece = 0; piece < 1024; piece++) {
    sum += new Uint8Array(64 << 10).fill(1)[piece]!;
    if (piece % 52 === 0) {
      t.log.info(`piece ${piece}`);
    }
  }
  t.checkEq(sum, 1024);
});
