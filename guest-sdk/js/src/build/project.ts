// What an author's `package.json` says of the suite.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { BuildError } from "./error.js";

export const ENGINES = ["quickjs", "starlingmonkey"] as const;

export type EngineName = (typeof ENGINES)[number];

export interface Project {
  /** An absolute path. */
  folder: string;
  /** The author's version of the suite; empty if there is none. */
  version: string;
  engine: EngineName;
  /** Relative to the folder. */
  entry: string;
  /** Whether `wasi:http` is imported, for `fetch`; undefined if that is to be found out. */
  http: boolean | undefined;
}

const ENTRIES = ["src/index.ts", "src/index.js", "index.ts", "index.js"];

const EXAMPLE = '"orbital": { "engine": "quickjs", "entry": "src/index.ts" }';

export function readProject(folder: string): Project {
  const path = join(folder, "package.json");
  if (!existsSync(path)) {
    throw new BuildError("usage", `\`${path}\` does not exist; the project's folder has a package.json with ${EXAMPLE}`);
  }
  let file: { version?: unknown; orbital?: Record<string, unknown> };
  try {
    file = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new BuildError("usage", `\`${path}\` is not JSON: ${(error as Error).message}`);
  }
  const settings = file.orbital ?? {};
  for (const name of Object.keys(settings)) {
    if (!["engine", "entry", "http"].includes(name)) {
      throw new BuildError("usage", `\`${path}\`: unknown setting \`orbital.${name}\`; there are engine, entry and http`);
    }
  }
  const engine = readEngine(path, settings.engine);
  return {
    folder: resolve(folder),
    version: typeof file.version === "string" ? file.version : "",
    engine,
    entry: readEntry(folder, path, settings.entry),
    http: readHttp(path, engine, settings.http),
  };
}

function readEngine(path: string, engine: unknown = "quickjs"): EngineName {
  const known = ENGINES.find((name) => name === engine);
  if (known === undefined) {
    throw new BuildError("usage", `\`${path}\`: \`orbital.engine\` is \`${engine}\`; there are ${ENGINES.join(" and ")}`);
  }
  return known;
}

function readEntry(folder: string, path: string, entry: unknown): string {
  const found = entry ?? ENTRIES.find((name) => existsSync(join(folder, name)));
  if (typeof found !== "string") {
    throw new BuildError("usage", `\`${path}\`: no \`orbital.entry\`, and none of ${ENTRIES.join(", ")} exists; add ${EXAMPLE}`);
  }
  if (!existsSync(join(folder, found))) {
    throw new BuildError("usage", `\`${path}\`: \`orbital.entry\` is \`${found}\`, which does not exist`);
  }
  return found;
}

function readHttp(path: string, engine: EngineName, http: unknown): boolean | undefined {
  if (http !== undefined && typeof http !== "boolean") {
    throw new BuildError("usage", `\`${path}\`: \`orbital.http\` is true or false`);
  }
  if (http === true && engine === "quickjs") {
    throw new BuildError("usage", `\`${path}\`: the engine quickjs has no \`fetch\`; use starlingmonkey, or remove \`orbital.http\``);
  }
  return http;
}
