// From a bundle to a component, by the toolchain of the engine.

import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE } from "./bundle.js";
import { BuildError } from "./error.js";
import { loadToolchain, SDK } from "./packages.js";
import type { EngineName } from "./project.js";

export interface Parts {
  code: string;
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
  return make(parts, sourcePath, witPath);
}

async function quickJs({ code, project, warn }: Parts, jsPath: string, witPath: string): Promise<Uint8Array> {
  const toolchain = await loadToolchain<QuickJs>({ name: "componentize-qjs" }, project, warn);
  const options = { witPath, world: "test-on-quickjs", jsSource: code, jsPath, sync: true };
  return (await toolchain.componentize(options).catch(refused)).component;
}

async function starlingMonkey({ http, project, warn }: Parts, sourcePath: string, witPath: string): Promise<Uint8Array> {
  const toolchain = await loadToolchain<StarlingMonkey>(COMPONENTIZE_JS, project, warn);
  // The rest stays: clocks for `Date` and timers, random numbers, and standard error for the engine's last words.
  const disableFeatures = http ? ["fetch-event"] : ["fetch-event", "http"];
  return (await toolchain.componentize({ sourcePath, witPath, worldName: "test", disableFeatures }).catch(refused)).component;
}

const COMPONENTIZE_JS = { name: "@bytecodealliance/componentize-js", beside: "@bytecodealliance/preview2-shim" };

/** What Node loaded and the engine did not. */
function refused(error: Error): never {
  if (/wasi:random|random_get|get-random/.test(error.message)) {
    throw new BuildError(
      "suite",
      "the suite asks for random bytes while it is loaded, which is when it is built, and there are none: ask for them in a case",
    );
  }
  const isOfTheSuite = /Failed to initialize|wizer|snapshot|initializ/i.test(error.message);
  throw isOfTheSuite
    ? new BuildError("suite", `the engine cannot load the suite:\n${error.message}`)
    : new BuildError("tools", `the engine's toolchain failed:\n${error.message}`);
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
