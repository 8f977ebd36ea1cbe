// Holds contract.d.ts against wit/*.wit: what the WIT says is written down as TypeScript, and compared.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const FOLDER = join(import.meta.dirname, "..");

/** Declarations by module and name, each on one line. */
type Declarations = Map<string, string>;

const SCALARS: Record<string, string> = { string: "string", u16: "number", u32: "number", f64: "number", bool: "boolean" };

/** Records that come from the host; options in them are none in the way of the engine. */
const RECEIVED = new Set(["delivery", "receipt", "run-context"]);

function pascal(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase());
}

function camel(name: string): string {
  return name.replace("%", "").replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}

function type(wit: string, isReceived: boolean): string {
  const [, outer, inner] = /^(\w+)<(.*)>$/.exec(wit) ?? [];
  switch (outer) {
    case undefined:
      return SCALARS[wit] ?? pascal(wit);
    case "list":
      return inner === "u8" ? "Uint8Array" : `${type(inner!, isReceived)}[]`;
    case "option":
      return `${type(inner!, isReceived)} | ${isReceived ? "null | undefined" : "undefined"}`;
    case "tuple":
      return `[${inner!.split(", ").map((item) => type(item, isReceived)).join(", ")}]`;
    case "result":
      // An error is thrown, but for the one in a list.
      return inner === "receipt, send-error" && !isReceived ? "SendResult" : ok(inner!);
    default:
      throw new Error(`no rule for ${wit}`);
  }
}

function ok(inner: string): string {
  const value = inner.split(", ")[0]!;
  return value === "_" ? "void" : type(value, true);
}

function fromWit(): Declarations {
  const found: Declarations = new Map();
  for (const file of readdirSync(join(FOLDER, "../../wit"))) {
    const text = readFileSync(join(FOLDER, "../../wit", file), "utf8").replace(/\/\/.*$/gm, "").replace(/\s+/g, " ");
    const name = /interface ([\w-]+) \{/.exec(text)?.[1];
    if (name === undefined) {
      continue;
    }
    const add = (item: string, declaration: string) => found.set(`orbital:test/${name}@0.1.0 ${item}`, declaration);
    for (const [, record, body] of text.matchAll(/record ([\w-]+) \{(.*?)\}/g)) {
      const fields = body!.split(/,(?![^<]*>)/).map((field) => field.trim()).filter(Boolean);
      const lines = fields.map((field) => {
        const [, name, wit] = /^(%?[\w-]+): (.*)$/.exec(field)!;
        return `${camel(name!)}: ${type(wit!, RECEIVED.has(record!))};`;
      });
      add(pascal(record!), `interface ${pascal(record!)} { ${lines.join(" ")} }`);
    }
    for (const [, variant, body] of text.matchAll(/variant ([\w-]+) \{(.*?)\}/g)) {
      const cases = body!.split(",").map((item) => item.trim()).filter(Boolean).map((item) => {
        const [, tag, wit] = /^([\w-]+)(?:\((.*)\))?$/.exec(item)!;
        return wit === undefined ? `{ tag: "${tag}" }` : `{ tag: "${tag}"; val: ${type(wit, false)} }`;
      });
      add(pascal(variant!), `type ${pascal(variant!)} = ${cases.join(" | ")};`);
    }
    for (const [, name, body] of text.matchAll(/enum ([\w-]+) \{(.*?)\}/g)) {
      const cases = body!.split(",").map((item) => item.trim()).filter(Boolean);
      add(pascal(name!), `type ${pascal(name!)} = ${cases.map((item) => `"${item}"`).join(" | ")};`);
    }
    for (const [, name, parameters, result] of text.matchAll(/([\w-]+): func\((.*?)\)(?: -> (.*?))?;/g)) {
      const given = parameters!.split(/, (?=[\w-]+: )/).filter(Boolean).map((parameter) => {
        const [, name, wit] = /^([\w-]+): (.*)$/.exec(parameter)!;
        return `${camel(name!)}: ${type(wit!, false)}`;
      });
      const returned = result === undefined ? "void" : result.startsWith("list<result") ? "SendResult[]" : type(result, true);
      add(camel(name!), `function ${camel(name!)}(${given.join(", ")}): ${returned};`);
    }
  }
  return found;
}

function fromTypeScript(): Declarations {
  const found: Declarations = new Map();
  const text = readFileSync(join(FOLDER, "contract.d.ts"), "utf8").replace(/\/\*\*.*?\*\/|\/\/.*$/gm, "").replace(/\s+/g, " ");
  for (const [, module, body] of text.matchAll(/declare module "(orbital:[^"]+)" \{(.*?)\}(?= declare module| *$)/g)) {
    const declarations = body!.matchAll(/export (interface (\w+) \{.*?\}|type (\w+) = .*?;(?= export| import| *$)|function (\w+)\(.*?\): .*?;)/g);
    for (const [, declaration, ...names] of declarations) {
      // A union may begin with a bar, where it has several lines.
      found.set(`${module} ${names.find(Boolean)}`, declaration!.replace("= | ", "= "));
    }
  }
  return found;
}

test("the declarations say what the contract says", () => {
  const declared = fromTypeScript();
  const sendResult = declared.get("orbital:test/events@0.1.0 SendResult");
  assert.equal(sendResult, 'type SendResult = { tag: "ok"; val: Receipt } | { tag: "err"; val: SendError };');
  declared.delete("orbital:test/events@0.1.0 SendResult");

  const contract = fromWit();
  assert.ok(contract.size > 40, `${contract.size} declarations were found in the WIT`);
  const sorted = (declarations: Declarations) => Object.fromEntries([...declarations].sort());
  assert.deepEqual(sorted(declared), sorted(contract));
});
