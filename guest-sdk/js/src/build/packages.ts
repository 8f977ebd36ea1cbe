// Finding packages that the build uses.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BuildError } from "./error.js";

/** The folder of this package. */
export const SDK = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The versions that the build is made for. */
const VERSIONS: Record<string, string> = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8")).peerDependencies;

/** A package's folder: the author's own, or the one that this package was developed with. */
export function findPackage(name: string, project: string): string | undefined {
  for (const start of [project, SDK]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const found = join(folder, "node_modules", name);
      if (existsSync(join(found, "package.json"))) {
        return found;
      }
      if (folder === dirname(folder)) {
        break;
      }
    }
  }
  return undefined;
}

/** What makes components for an engine. */
export interface Toolchain {
  /** The package that does it. */
  name: string;
  /** A package that it needs, and does not ask for. */
  beside?: string;
}

/** Loads the package that makes components. Not `import` alone, which looks beside this package only. */
export async function loadToolchain<T>({ name, beside }: Toolchain, project: string, warn: (text: string) => void): Promise<T> {
  const wanted = [name, ...(beside === undefined ? [] : [beside])].map((name) => `${name}@${VERSIONS[name]}`);
  const install = `install it with: npm install --save-dev --save-exact ${wanted.join(" ")}`;
  const folder = findPackage(name, project);
  if (folder === undefined) {
    throw new BuildError("tools", `\`${name}\` is not installed; ${install}`);
  }
  const { version, main, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (version !== VERSIONS[name]) {
    warn(`${name} is ${version}, and this version of orbital-sdk is made for ${VERSIONS[name]}`);
  }
  const entry = exports?.import ?? exports?.["."]?.import ?? main ?? "index.js";
  try {
    return await import(pathToFileURL(join(folder, entry)).href);
  } catch (error) {
    throw new BuildError("tools", `\`${name}\` cannot be loaded: ${(error as Error).message}; ${install}`);
  }
}
