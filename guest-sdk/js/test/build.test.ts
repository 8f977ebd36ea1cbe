import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { BuildError, build } from "../dist/build/build.js";

const SDK = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "orbital-sdk-test-"));
after(() => rmSync(scratch, { recursive: true }));

let projects = 0;

/** A project of these files. */
function project(files: Record<string, string>, orbital: object = {}): string {
  projects += 1;
  const folder = join(scratch, String(projects));
  const all: Record<string, string> = { "package.json": JSON.stringify({ version: "1.2.3", type: "module", orbital }), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Why a project is not built. */
async function refusal(files: Record<string, string>, orbital?: object): Promise<BuildError> {
  const folder = project(files, orbital);
  const error: unknown = await build({ project: folder, out: join(folder, "x.wasm") }).then(
    () => assert.fail("it was built"),
    (error) => error,
  );
  assert.ok(error instanceof BuildError, String(error));
  return error;
}

const suite = (code: string) => ({ "src/index.ts": `import { test } from "orbital-sdk";\n${code}` });

test("a suite becomes a component that says what it is", async () => {
  const folder = project(suite('test("smoke", { every: "1s" }, async (t) => { t.newId(); });'), { engine: "quickjs" });
  const built = await build({ project: folder, out: join(folder, "out/smoke.wasm") });
  assert.deepEqual([built.engine, built.http, built.cases], ["quickjs", false, ["smoke"]]);
  const bytes = readFileSync(built.out);
  assert.equal(bytes.length, built.bytes);
  // The magic number of a component, and what is added at its end.
  assert.equal(bytes.subarray(0, 8).toString("hex"), "0061736d0d000100");
  assert.match(bytes.subarray(-100).toString("latin1"), /TypeScript.*orbital-sdk.*version1\.2\.3$/s);
});

test("what is not JavaScript is shown with its place", async () => {
  const { kind, message } = await refusal(suite("const = 3;"));
  assert.equal(kind, "suite");
  assert.match(message, /Expected identifier but found "="\n\n {4}src\/index\.ts:2:6:/);
});

test("there is nothing to await while a suite is loaded", async () => {
  const { message } = await refusal(suite("await Promise.resolve(1);"), { engine: "starlingmonkey" });
  assert.match(message, /`await` outside of functions is not available: modules are loaded when the suite is built\n\n {4}src\/index\.ts:2:0:/);
});

test("types are checked by the author's compiler", async () => {
  const folder = project({ ...suite('test("a", { every: "soon" }, () => {});'), "tsconfig.json": readFileSync(join(SDK, "../../example-tests/quickjs/tsconfig.json"), "utf8") });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(SDK, join(folder, "node_modules/orbital-sdk"));
  await assert.rejects(build({ project: folder, out: join(folder, "x.wasm") }), /^BuildError: src\/index\.ts\(2,13\): error TS2322: Type '"soon"' is not assignable/);
});

test("a suite needs cases, each of them once", async () => {
  assert.match((await refusal({ "index.js": "" })).message, /^the suite has no cases; register one: test\(/);
  const twice = await refusal(suite('test("a", { manual: true }, () => {});\ntest("a", { manual: true }, () => {});'));
  assert.equal(twice.message, "the suite cannot be loaded: TypeError: case `a`: the name is registered twice; rename one of the cases (src/index.ts:3)");
});

test("an error while the suite is loaded has its place", async () => {
  const { message } = await refusal(suite("const nothing: any = undefined;\nconst read = () => nothing.name;\nread();"));
  assert.match(message, /^the suite cannot be loaded: TypeError: .*'name'.* \(src\/index\.ts:3\)\n {4}at read \(src\/index\.ts:3\)\n {4}at src\/index\.ts:4$/);
  const absent = await refusal(suite('new URL("http://a");'), { engine: "quickjs" });
  assert.equal(absent.message, "the suite cannot be loaded: ReferenceError: URL is not defined (src/index.ts:2)");
});

test("globals that Node makes when they are first used are there while a suite is loaded, and Node's own are not", async () => {
  const code = `
    const request = new Request("http://a", { method: "POST", body: "1", headers: { a: "b" } });
    new Response(new Blob(["1"]).stream());
    const hidden = [typeof process, typeof Buffer, typeof global, "Buffer" in globalThis, (globalThis as any).process];
    throw new Error([typeof Request, request.method, ...hidden].join(" "));`;
  const { message } = await refusal(suite(code), { engine: "starlingmonkey" });
  assert.match(message, /^the suite cannot be loaded: function POST undefined undefined undefined false  \(src\/index\.ts:6\)/);
  const used = await refusal(suite('Buffer.from("1");'), { engine: "starlingmonkey" });
  assert.equal(used.message, "the suite cannot be loaded: ReferenceError: Buffer is not defined (src/index.ts:2)");
});

test("random bytes are refused while a suite is loaded, with the place", async () => {
  for (const engine of ["starlingmonkey", "quickjs"]) {
    const { message } = await refusal(suite("const id = crypto.randomUUID();"), { engine });
    assert.match(message, /there are no random bytes while the suite is loaded, .* \(src\/index\.ts:2\)$/);
  }
});

test("random numbers that would be the same in every run are warned of", async () => {
  const files = {
    ...suite('import { dice } from "dice";\nconst early = Math.random();\ntest("a", { manual: true }, () => { dice(); });'),
    "node_modules/dice/package.json": '{ "main": "index.js" }',
    "node_modules/dice/index.js": "const seed = Math.random();\nexports.dice = () => seed + Math.random();",
  };
  const folder = project(files, { engine: "quickjs" });
  const warnings: string[] = [];
  await build({ project: folder, out: join(folder, "out.wasm"), warn: (text) => warnings.push(text) });
  assert.deepEqual(
    warnings.map((text) => text.split(" while ")[0]),
    ["src/index.ts:2: `Math.random` is called (node_modules/dice/index.js:1)", "src/index.ts:3: `Math.random` is called"],
  );
  assert.match(warnings[1]!, /the same in every run; call it in a case$/);
});

test("an error that only the engine finds has its place too", async () => {
  const { kind, message } = await refusal(suite('new TextDecoderStream();\ntest("a", { manual: true }, () => {});'), { engine: "quickjs" });
  assert.equal(kind, "suite");
  assert.match(message, /^the engine cannot load the suite:\n[^]*TextDecoderStream is not defined\n +at <anonymous> \(src\/index\.ts:2\)$/);
});

test("what no test has is named, with who needs it", async () => {
  const files = {
    ...suite('import "database";\nimport "./fast.node";'),
    "node_modules/database/package.json": '{ "main": "index.js" }',
    "node_modules/database/index.js": 'const net = require("net"); net.connect(1);',
    "node_modules/events/package.json": "{}",
    "node_modules/events/index.js": "module.exports = 1;",
  };
  const { message } = await refusal(files);
  assert.match(message, /`net` is a part of Node, which no test has; `node_modules\/database\/index\.js` needs it\n/);
  assert.match(message, /`\.\/fast\.node` is native code, .*; `src\/index\.ts` needs it\n/);
  // A package of the same name is a package.
  const { message: other } = await refusal({ ...files, ...suite('import "events";') });
  assert.match(other, /no cases/);
});

test("what is wrong with the settings is said with the file", async () => {
  assert.match((await refusal({}, { engine: "v8" })).message, /package\.json`: `orbital\.engine` is `v8`; there are quickjs and starlingmonkey$/);
  assert.match((await refusal({}, { entry: "a.ts" })).message, /`a\.ts`, which does not exist$/);
  assert.match((await refusal({}, { target: "" })).message, /unknown setting `orbital\.target`/);
  assert.match((await refusal({})).message, /none of src\/index\.ts, .* exists; add "orbital"/);
  const { kind, message } = await refusal({ "index.js": "" }, { http: true });
  assert.deepEqual([kind, /has no `fetch`/.test(message)], ["usage", true]);
});

test("the command says what it does and ends with a code", () => {
  const command = (...given: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [join(SDK, "dist/build/cli.js"), ...given], { encoding: "utf8" });
    return [status, stderr.split("\n")[0]];
  };
  assert.deepEqual(command("--project", scratch), [2, "error: `--out` is missing"]);
  const broken = project(suite("const = 3;"));
  assert.deepEqual(command("--project", broken, "--out", join(broken, "x.wasm")), [1, '✘ [ERROR] Expected identifier but found "="']);
});

test("for who waits, a suite is written into a component that was made before", async () => {
  const folder = project(suite('test("smoke", { every: "1s" }, (t) => t.fail("first…"));'), { engine: "quickjs" });
  const out = join(folder, "out.wasm");
  const first = await build({ project: folder, out, dev: true });
  assert.deepEqual(first.cases, ["smoke"]);
  const kept = () => readdirSync(join(folder, "node_modules/.cache/orbital"));
  const [template] = kept();
  // The first of another version.
  writeFileSync(join(folder, "node_modules/.cache/orbital/quickjs-1.wasm"), "");
  rmSync(join(folder, "node_modules/.cache/orbital", template!));
  await build({ project: folder, out, dev: true });
  assert.deepEqual(kept(), [template]);

  // With names that are those of the bundle, too.
  const names = "const suite = 1, result = 2, given = 3;";
  writeFileSync(join(folder, "src/index.ts"), `import { test } from "orbital-sdk";\n${names}\ntest("other", { manual: true }, (t) => t.fail("second…" + suite + result + given));`);
  const second = await build({ project: folder, out, dev: true });
  assert.deepEqual([second.cases, kept()], [["other"], [template]]);
  const bytes = readFileSync(out);
  assert.ok(bytes.includes("second…") && !bytes.includes("first…"));
  assert.match(bytes.subarray(-100).toString("latin1"), /TypeScript.*orbital-sdk.*version1\.2\.3$/s);
});

test("where nothing can be kept, it is said", async () => {
  const folder = project(suite('test("smoke", { manual: true }, () => {});'), { engine: "quickjs" });
  writeFileSync(join(folder, "node_modules"), "");
  const warnings: string[] = [];
  await build({ project: folder, out: join(folder, "out.wasm"), dev: true, warn: (text) => warnings.push(text) });
  assert.match(warnings.join("\n"), /every build takes its time: .*node_modules/);
});
