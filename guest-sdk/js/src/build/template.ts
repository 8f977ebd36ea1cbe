// Components in a moment, for who waits for one at every save. Making a component takes its toolchain a second or
// more, nearly all of it for the engine and not for the suite. So it is done once, with a suite that has nothing but
// room in it; each bundle is then written into that room, and evaluated when a run begins instead of when it is built.

import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BUNDLE } from "./bundle.js";
import { componentize, type Parts } from "./componentize.js";
import { findPackage, SDK } from "./packages.js";
import { writeWhole } from "./write.js";

/** What the room is filled with: easily found, and of characters that an engine keeps as bytes. */
const FILLING = "@orbital-bundle@";

/** How long a bundle the smallest room is for, in characters. */
const LEAST_ROOM = 1 << 18;

/** The first characters of the room say how many others count. */
const HEAD = 16;

/** As the bundler writes what a component imports. */
const IMPORT = /^import (.*) from "((?:orbital|wasi):[^"]*)";$/gm;

/** As it writes what it exports: by another name, if the author has one of that name. */
const EXPORT = /^export \{\n {2}(\w+)(?: as suite)?\n\};$/m;

/** The parameter of the bundle's function. There are names of the author's beside it. */
const GIVEN = "__orbital_given";

/** Syntax that only a module may have. A text such as `impact.import.importance`, a list of words, has none of it. */
const MODULES_OWN = /^(?:import|export)\b|(?<![.\w$])import\s*(?:\(|\.\s*(?:meta|source|defer)\b)/m;

/** The name that stacks show of what was evaluated: QuickJS does not hear of another one. */
const EVALUATED = { quickjs: "<input>", starlingmonkey: BUNDLE };

/** A component of this bundle, if there can be one without the toolchain's work, or once it is done. */
export async function fill(parts: Parts): Promise<Uint8Array | undefined> {
  const text = evaluated(parts.code);
  if (text === undefined) {
    return undefined;
  }
  const size = roomFor(text.length);
  const room = Buffer.from(FILLING.repeat(size / FILLING.length), "latin1");
  const template = await provide(parts, size);
  const at = template.indexOf(room);
  // An engine that keeps texts otherwise, or twice.
  if (at < 0 || template.includes(room, at + 1)) {
    return undefined;
  }
  template.write(String(text.length).padEnd(HEAD) + text, at, "latin1");
  return template;
}

/** The bundle as an expression whose characters are bytes: a function of what is imported. */
function evaluated(code: string): string | undefined {
  const suite = EXPORT.exec(code)?.[1];
  const body = code
    .replaceAll(IMPORT, (_, names: string, from: string) => `const ${bound(names)} = ${GIVEN}[${JSON.stringify(from)}];`)
    .replace(EXPORT, "");
  if (suite === undefined || MODULES_OWN.test(body)) {
    return undefined;
  }
  // In the first line, so that lines are those of the bundle.
  const whole = `(function (${GIVEN}) { "use strict"; ${body}\nreturn ${suite}; })\n//# sourceURL=${BUNDLE}\n`;
  return Buffer.from(whole, "utf8").toString("latin1");
}

/** `{ a as b }` and `* as a`, as a declaration has it. */
function bound(names: string): string {
  return names.startsWith("*") ? names.replace(/^\* as /, "") : names.replaceAll(" as ", ": ");
}

/** With as much again to grow. */
function roomFor(length: number): number {
  let size = LEAST_ROOM;
  while (size < 2 * (HEAD + length)) {
    size *= 2;
  }
  return size;
}

/** The component that has room: the one that was made before, if it is of the same. */
async function provide(parts: Parts, size: number): Promise<Buffer> {
  const imports = [...parts.code.matchAll(IMPORT)].map(([, , from]) => from!);
  const code = loader(imports, EVALUATED[parts.engine], size);
  const digest = createHash("sha256").update(code).update(String(parts.http));
  for (const name of ["orbital-sdk", "componentize-qjs", "@bytecodealliance/componentize-js"]) {
    const folder = name === "orbital-sdk" ? SDK : findPackage(name, parts.project);
    digest.update(folder === undefined ? "" : await readFile(join(folder, "package.json")));
  }
  for (const file of (await readdir(join(SDK, "wit"))).sort()) {
    digest.update(await readFile(join(SDK, "wit", file)));
  }
  const path = join(parts.project, "node_modules/.cache/orbital", `${parts.engine}-${digest.digest("hex")}.wasm`);
  const known = await readFile(path).catch(() => undefined);
  if (known !== undefined) {
    return known;
  }
  const made = Buffer.from(await componentize({ ...parts, code }));
  await keep(path, made).catch(({ message }) => parts.warn(`every build takes its time: ${message}`));
  return made;
}

/** In place of those of other versions. */
async function keep(path: string, made: Uint8Array) {
  await writeWhole(path, made);
  const [engine] = basename(path).split("-");
  for (const other of await readdir(dirname(path))) {
    if (other.startsWith(`${engine}-`) && other.endsWith(".wasm") && other !== basename(path)) {
      await rm(join(dirname(path), other), { force: true });
    }
  }
}

/** A suite whose cases are those of the bundle that is in its room. */
function loader(imports: string[], name: string, size: number): string {
  const names = imports.map((from, index) => `import * as given${index} from ${JSON.stringify(from)};`);
  const given = imports.map((from, index) => `${JSON.stringify(from)}: given${index}`);
  return `${names.join("\n")}
const room = ${JSON.stringify(FILLING)}.repeat(${size / FILLING.length});
// An engine may have put it together of parts until it is looked through.
room.indexOf("-");
let loaded;
function load() {
  if (loaded === undefined) {
    const text = room.slice(${HEAD}, ${HEAD} + Number(room.slice(0, ${HEAD})));
    loaded = (0, eval)(decodeURIComponent(escape(text)))({ ${given.join(", ")} });
    globalThis[Symbol.for("orbital.places")].bundle = ${JSON.stringify(name)};
  }
  return loaded;
}
export const suite = { cases: () => load().cases(), run: (name) => load().run(name) };
`;
}
