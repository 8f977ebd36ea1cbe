// From a project to a component.

import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundle } from "./bundle.js";
import { componentize } from "./componentize.js";
import { addMetadata } from "./metadata.js";
import { SDK } from "./packages.js";
import { type EngineName, type Project, readProject } from "./project.js";
import { fill } from "./template.js";
import { tryToLoad } from "./trial.js";
import { checkTypes } from "./typecheck.js";
import { writeWhole } from "./write.js";

export { BuildError, EXIT } from "./error.js";

export interface BuildOptions {
  /** The folder with the author's `package.json`. */
  project: string;
  /** The component to write. */
  out: string;
  /** Whether it is to be there soon, rather than small and quick to begin: its modules are loaded when a run begins. */
  dev?: boolean;
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
export async function build({ project: folder, out, dev = false, warn = () => {} }: BuildOptions): Promise<Built> {
  const project = readProject(folder);
  const { engine } = project;
  const scratch = await mkdtemp(join(tmpdir(), "orbital-build-"));
  try {
    const { bundled, cases } = await loadable(project, scratch, warn);
    if (bundled.usesFetch && engine === "quickjs") {
      warn("`fetch` is used, and the engine quickjs has none; starlingmonkey has");
    }
    const http = engine === "starlingmonkey" && (project.http ?? bundled.usesFetch);
    const parts = { ...bundled, engine, http, project: project.folder, scratch, warn };
    const component = (dev ? await fill(parts) : undefined) ?? (await componentize(parts));

    const sdk = JSON.parse(await readFile(join(SDK, "package.json"), "utf8")).version;
    const language = project.entry.endsWith(".ts") ? "TypeScript" : "JavaScript";
    const described = addMetadata(component, { language, version: project.version, sdk });
    await writeWhole(resolve(out), described);
    return { out: resolve(out), bytes: described.length, engine, http, cases };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The bundle and the names of its cases. Of all that may be wrong with the sources, what their types say comes first. */
async function loadable(project: Project, scratch: string, warn: (text: string) => void) {
  const types = checkTypes(project.folder, warn);
  // It is heard below, however early it comes.
  types.catch(() => {});
  try {
    const bundled = await bundle(project);
    await mkdir(join(scratch, "trial"));
    const { cases, repeated } = await tryToLoad(bundled, project.engine, scratch);
    for (const place of repeated) {
      warn(
        `${place} while the suite is loaded, which is when it is built: its number is the same in every run; call it in a case`,
      );
    }
    return { bundled, cases };
  } finally {
    await types;
  }
}
