import assert from "node:assert/strict";
import { test } from "node:test";
import { beginning, Message } from "../dist/body.js";
import { content } from "../dist/content.js";
import { Receipt } from "../dist/receipt.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const message = (text: string) => new Message([{ name: "a", value: "b" }], bytes(text));

test("a pointer finds a value of any type", () => {
  const body = message('{"a": {"b": [7], "c/d~": null}}');
  assert.equal(body.pointer("/a/b/0"), 7);
  assert.equal(body.pointer("/a/c~1d~0"), null);
  assert.deepEqual(body.pointer("/a/b"), [7]);
  assert.throws(() => body.pointer("/a/x"), { code: "missing", message: 'no value at `/a/x` in the JSON; it is `{"a": {"b": [7], "c/d~": null}}`' });
  assert.throws(() => body.pointer("/a/b/length"), { code: "missing" });
});

test("json may be UTF-16 or have a byte order mark", () => {
  const text = '{"name": "Zoë 🎉"}';
  const units = (isBig: boolean) =>
    Array.from(text).flatMap((character) => character.split("")).flatMap((unit) => {
      const code = unit.charCodeAt(0);
      return isBig ? [code >> 8, code & 0xff] : [code & 0xff, code >> 8];
    });
  const bodies = [
    [...bytes(text)],
    [0xef, 0xbb, 0xbf, ...bytes(text)],
    units(true),
    [0xfe, 0xff, ...units(true)],
    units(false),
    [0xff, 0xfe, ...units(false)],
  ];
  for (const body of bodies) {
    assert.equal(new Message([], new Uint8Array(body)).pointer("/name"), "Zoë 🎉");
  }
  assert.throws(() => new Message([], new Uint8Array(units(true).slice(0, -1))).json(), /not the JSON expected/);
});

test("an error shows the body's beginning", () => {
  assert.throws(() => message("<html>").json(), /^BodyError: not the JSON expected: .*; it is `<html>`$/);
  assert.throws(() => message("").json(), /it is an empty body$/);
  assert.match(beginning(bytes("x".repeat(1000))), /x…` \(1000 bytes\)$/);
});

test("a header is found by its name in any case", () => {
  assert.equal(message("").header("A"), "b");
});

test("json sets the content type unless it is set", () => {
  assert.deepEqual(content({ json: [1, 2] }).headers, [{ name: "content-type", value: "application/json" }]);
  const own = content({ json: "x", headers: { "Content-Type": "application/cloudevents+json" } });
  assert.equal(own.headers.length, 1);
  assert.throws(() => content({ json: 1, body: "1" }), /remove one/);
  assert.throws(() => content({ json: () => 1 }), /cannot be JSON/);
});

test("success is 200 to 299", () => {
  const receipt = (status: number) => new Receipt({ status, headers: [], body: bytes("no room"), latency: 0 });
  assert.equal(receipt(202).success().status, 202);
  assert.throws(() => receipt(507).success(), { name: "StatusError", code: "status", message: "the target answered 507 with `no room`" });
});
