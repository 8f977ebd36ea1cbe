// Prints TypeScript declarations of the contract, for contract.d.ts: `node scripts/contract.js WIT_FOLDER`. Run by
// `cargo xtask contract`. No existing generator covers both engines, StarlingMonkey and QuickJS.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HEADER = `// Generated from wit/*.wit by \`cargo xtask contract\`. Do not edit.
//
// The contract with the host, as both engines show it to JavaScript. Where they differ: an option that is none is null
// in QuickJS and undefined in StarlingMonkey; both accept undefined. The error of a result is thrown, as an error with
// the value in \`payload\`.`;

const NUMBERS = new Set(["u8", "u16", "u32", "s8", "s16", "s32", "f32", "f64"]);
const BIG_INTEGERS = new Set(["u64", "s64"]);

const folder = process.argv[2];
const files = readdirSync(folder).sort();
const text = Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
const whole = Object.values(text).join("\n");
const { id, version } = /^package (?<id>[\w:-]+)@(?<version>[\w.-]+);/m.exec(whole).groups;
const exported = /^ *export ([\w-]+);/m.exec(whole)[1];

const interfaces = Object.entries(text)
  .filter(([, source]) => /^interface /m.test(source))
  .map(([file, source]) => parse(file, source));
const received = receivedRecords();
process.stdout.write([HEADER, ...interfaces.map(declareModule)].join("\n\n") + "\n");

/** Returns the interface in a file: its documentation, imports, types and functions. */
function parse(file, source) {
  const tokens = [...source.matchAll(/\/\/\/ ?(?<doc>.*)|\/\/.*|(?<word>%?[A-Za-z][\w-]*|->|\S)/g)].filter(
    ({ groups }) => groups.doc !== undefined || groups.word !== undefined,
  );
  let position = 0;

  const peek = () => tokens[position]?.groups.word;
  const next = () => {
    const token = tokens[position++];
    if (token?.groups.word === undefined) {
      fail("expected a word");
    }
    return token.groups.word;
  };
  const take = (...words) => {
    for (const word of words) {
      if (next() !== word) {
        fail(`expected \`${word}\``);
      }
    }
  };
  const takeIf = (word) => peek() === word && next() === word;
  const docs = () => {
    const lines = [];
    while (tokens[position]?.groups.doc !== undefined) {
      lines.push(tokens[position++].groups.doc);
    }
    return lines;
  };
  const fail = (reason) => {
    const line = source.slice(0, tokens[position - 1]?.index ?? source.length).split("\n").length;
    throw new Error(`${file}:${line}: ${reason}; teach scripts/contract.js this form`);
  };
  /** Reads items up to the closing sign; a comma may follow the last one. */
  const list = (close, item) => {
    const items = [];
    while (!takeIf(close)) {
      items.push(item());
      if (!takeIf(",")) {
        take(close);
        break;
      }
    }
    return items;
  };
  const type = () => {
    const name = next();
    return { name, of: takeIf("<") ? list(">", type) : [] };
  };
  const named = () => {
    const doc = docs();
    const name = next();
    take(":");
    return { doc, name, type: type() };
  };

  const doc = docs();
  take("interface");
  const found = { doc, name: next(), uses: [], types: [], functions: [] };
  take("{");
  while (!takeIf("}")) {
    const doc = docs();
    const word = next();
    if (word === "use") {
      const from = next();
      take(".", "{");
      found.uses.push({ from, names: list("}", next) });
      take(";");
    } else if (word === "record") {
      const name = next();
      take("{");
      found.types.push({ doc, name, kind: word, fields: list("}", named) });
    } else if (word === "variant" || word === "enum") {
      const name = next();
      take("{");
      const cases = list("}", () => {
        const doc = docs();
        const name = next();
        return { doc, name, type: takeIf("(") ? list(")", type)[0] : undefined };
      });
      found.types.push({ doc, name, kind: word, cases });
    } else {
      take(":", "func", "(");
      const parameters = list(")", named);
      const result = takeIf("->") ? type() : undefined;
      take(";");
      found.functions.push({ doc, name: word, parameters, result });
    }
  }
  return found;
}

/** Returns the names of the records that come from the host: there, none is null in QuickJS. */
function receivedRecords() {
  const names = new Set();
  const add = ({ name, of }) => {
    of.forEach(add);
    const fields = interfaces.flatMap(({ types }) => types).find((type) => type.name === name)?.fields;
    if (fields !== undefined && !names.has(name)) {
      names.add(name);
      fields.forEach(({ type }) => add(type));
    }
  };
  for (const { functions } of interfaces.filter(({ name }) => name !== exported)) {
    functions.forEach(({ result }) => result !== undefined && add(result));
  }
  return names;
}

function moduleName(name) {
  return `${id}/${name}@${version}`;
}

function declareModule({ doc, name, uses, types, functions }) {
  const imports = uses.map(
    ({ from, names }) => `  import type { ${names.map(pascal).join(", ")} } from "${moduleName(from)}";`,
  );
  const lines = [...types.flatMap(declareType), ...functions.flatMap(declareFunction)].map((line) => `  ${line}`);
  return [...comment(doc), `declare module "${moduleName(name)}" {`, ...imports, ...lines, "}"].join("\n");
}

function declareType({ doc, name, kind, fields, cases }) {
  if (kind === "enum") {
    return [...comment(doc), `export type ${pascal(name)} =`, ...union(cases, ({ name }) => `"${name}"`)];
  }
  if (kind === "variant") {
    const show = ({ name, type }) =>
      type === undefined ? `{ tag: "${name}" }` : `{ tag: "${name}"; val: ${typescript(type, "undefined")} }`;
    return [...comment(doc), `export type ${pascal(name)} =`, ...union(cases, show)];
  }
  const none = received.has(name) ? "null | undefined" : "undefined";
  const lines = fields.flatMap(({ doc, name, type }) => [...comment(doc), `${camel(name)}: ${typescript(type, none)};`]);
  return [...comment(doc), `export interface ${pascal(name)} {`, ...lines.map((line) => `  ${line}`), "}"];
}

function union(cases, show) {
  return cases.flatMap((item, index) => {
    const end = index === cases.length - 1 ? ";" : "";
    return [...comment(item.doc), `| ${show(item)}${end}`].map((line) => `  ${line}`);
  });
}

function declareFunction({ doc, name, parameters, result }) {
  const given = parameters.map(({ name, type }) => `${camel(name)}: ${typescript(type, "undefined")}`);
  const [ok, error] = result?.name === "result" ? result.of : [result];
  const returned = ok === undefined || ok.name === "_" ? "void" : typescript(ok, "null | undefined");
  const thrown = error === undefined ? [] : [`@throws an error whose \`payload\` is ${payload(error)}`];
  const separator = doc.length > 0 && thrown.length > 0 ? [""] : [];
  return [
    ...comment([...doc, ...separator, ...thrown]),
    `export function ${camel(name)}(${given.join(", ")}): ${returned};`,
  ];
}

function payload(error) {
  const shown = typescript(error, "undefined");
  return `${/^[AEIOU]/i.test(shown) ? "an" : "a"} \`${shown}\``;
}

/** Returns a type as TypeScript writes it. */
function typescript({ name, of }, none) {
  const [first, second] = of.map((type) => typescript(type, none));
  switch (name) {
    case "list":
      return first === "number" && of[0].name === "u8" ? "Uint8Array" : `${first.includes(" | ") ? `(${first})` : first}[]`;
    case "option":
      return `${first} | ${none}`;
    case "tuple":
      return `[${of.map((type) => typescript(type, none)).join(", ")}]`;
    case "result":
      return `{ tag: "ok"; val: ${first} } | { tag: "err"; val: ${second} }`;
    case "string":
      return "string";
    case "bool":
      return "boolean";
    default:
      return NUMBERS.has(name) ? "number" : BIG_INTEGERS.has(name) ? "bigint" : pascal(name);
  }
}

function comment(doc) {
  if (doc.length === 0) {
    return [];
  }
  const lines = doc.map((line) => line.replaceAll("*/", "*\\/"));
  return lines.length === 1 ? [`/** ${lines[0]} */`] : ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */"];
}

function pascal(name) {
  return name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase());
}

function camel(name) {
  return name.replace("%", "").replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}
