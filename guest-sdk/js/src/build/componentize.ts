// From a bundle to a component, by the toolchain of the engine.

import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lookUp, type PlaceTable } from "../place.js";
import { BUNDLE } from "./bundle.js";
import { BuildError } from "./error.js";
import { loadToolchain, SDK } from "./packages.js";
import type { EngineName } from "./project.js";

export interface Parts {
  code: string;
  places: PlaceTable;
  engine: EngineName;
  /** Whether `fetch` is to work. */
  http: boolean;
  /** The author's folder, where the toolchain is installed. */
  project: string;
  /** For files of this build alone. */
  scratch: string;
  warn: (text: string) => void;
}

interface QuickJs {
  componentize(options: { witPath: string; world: string; jsSource: string; jsPath: string; sync: boolean }): Promise<{ component: Uint8Array }>;
}

interface StarlingMonkey {
  componentize(options: {
    sourcePath: string;
    witPath: string;
    worldName: string;
    disableFeatures: string[];
  }): Promise<{ component: Uint8Array }>;
}

export async function componentize(parts: Parts): Promise<Uint8Array> {
  const sourcePath = join(parts.scratch, BUNDLE);
  await writeFile(sourcePath, parts.code);
  const witPath = await writeContract(parts.scratch);
  const make = parts.engine === "quickjs" ? quickJs : starlingMonkey;
  return make(parts, sourcePath, witPath).catch((error) => {
    throw error instanceof BuildError ? error : refusal(error, parts.places);
  });
}

async function quickJs({ code, project, warn }: Parts, jsPath: string, witPath: string): Promise<Uint8Array> {
  const toolchain = await loadToolchain<QuickJs>({ name: "componentize-qjs" }, project, warn);
  const options = { witPath, world: "test-on-quickjs", jsSource: code, jsPath, sync: true };
  return (await toolchain.componentize(options)).component;
}

async function starlingMonkey({ http, project, warn }: Parts, sourcePath: string, witPath: string): Promise<Uint8Array> {
  const toolchain = await loadToolchain<StarlingMonkey>(COMPONENTIZE_JS, project, warn);
  // The rest stays: clocks for `Date` and timers, random numbers, and standard error for the engine's last words.
  const disableFeatures = http ? ["fetch-event"] : ["fetch-event", "http"];
  return (await toolchain.componentize({ sourcePath, witPath, worldName: "test", disableFeatures })).component;
}

const COMPONENTIZE_JS = { name: "@bytecodealliance/componentize-js", beside: "@bytecodealliance/preview2-shim" };

/** What Node loaded and the engine did not. */
function refusal({ message }: Error, places: PlaceTable): BuildError {
  if (/wasi:random|random_get|get-random/.test(message)) {
    return new BuildError(
      "suite",
      "the suite asks for random bytes while it is loaded, which is when it is built, and there are none: ask for them in a case",
    );
  }
  // In the engine's own words, with the places of the author's files.
  const text = message.replaceAll(new RegExp(`/?${BUNDLE}:(\\d+)(?::(\\d+))?`, "g"), (place, line, column = 1) => {
    const found = lookUp(places, Number(line), Number(column));
    return found === undefined ? place : `${found.file}:${found.line}`;
  });
  const isOfTheSuite = /Failed to initialize component|Failed to evaluate user JavaScript/.test(message);
  return isOfTheSuite
    ? new BuildError("suite", `the engine cannot load the suite:\n${text.replace(/^(Failed to initialize component.*\n|: )/, "").trimEnd()}`)
    : new BuildError("tools", `the engine's toolchain failed:\n${text}`);
}

/** The contract, and for QuickJS the one interface of WASI that the SDK calls by itself. */
async function writeContract(scratch: string): Promise<string> {
  const folder = join(scratch, "wit");
  await cp(join(SDK, "wit"), folder, { recursive: true });
  await mkdir(join(folder, "deps/random"), { recursive: true });
  await writeFile(join(folder, "deps/random/random.wit"), RANDOM);
  await writeFile(join(folder, "quickjs.wit"), WORLD);
  return folder;
}

const RANDOM = `package wasi:random@0.2.0;

interface random {
    get-random-bytes: func(len: u64) -> list<u8>;
}
`;

const WORLD = `world test-on-quickjs {
    include test;
    import wasi:random/random@0.2.0;
}
`;
