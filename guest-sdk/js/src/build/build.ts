// From a project to a component.

import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { bundle } from "./bundle.js";
import { componentize } from "./componentize.js";
import { addMetadata } from "./metadata.js";
import { SDK } from "./packages.js";
import { type EngineName, readProject } from "./project.js";
import { tryToLoad } from "./trial.js";
import { checkTypes } from "./typecheck.js";

export { BuildError, EXIT } from "./error.js";

export interface BuildOptions {
  /** The folder with the author's `package.json`. */
  project: string;
  /** The component to write. */
  out: string;
  /** Hears what is odd and does not stop the build. */
  warn?: (text: string) => void;
}

export interface Built {
  /** An absolute path. */
  out: string;
  bytes: number;
  engine: EngineName;
  /** Whether `fetch` works in it, by `wasi:http`. */
  http: boolean;
  /** The names of its cases. */
  cases: string[];
}

/** Builds a component. Throws a `BuildError` whose message is for the author. */
export async function build({ project: folder, out, warn = () => {} }: BuildOptions): Promise<Built> {
  const project = readProject(folder);
  checkTypes(project.folder, warn);
  const { engine } = project;
  const scratch = await mkdtemp(join(tmpdir(), "orbital-build-"));
  try {
    const bundled = await bundle(project);
    if (bundled.usesFetch && engine === "quickjs") {
      warn("`fetch` is used, and the engine quickjs has none; starlingmonkey has");
    }
    const http = engine === "starlingmonkey" && (project.http ?? bundled.usesFetch);
    await mkdir(join(scratch, "trial"));
    const cases = await tryToLoad(bundled, engine, scratch);
    const component = await componentize({ ...bundled, engine, http, project: project.folder, scratch, warn });

    const sdk = JSON.parse(await readFile(join(SDK, "package.json"), "utf8")).version;
    const language = project.entry.endsWith(".ts") ? "TypeScript" : "JavaScript";
    const described = addMetadata(component, { language, version: project.version, sdk });
    await writeWhole(resolve(out), described);
    return { out: resolve(out), bytes: described.length, engine, http, cases };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A host that watches the directory sees the whole file or none. */
async function writeWhole(path: string, bytes: Uint8Array) {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  await writeFile(partial, bytes);
  await rename(partial, path);
}
