// One module of all that the author wrote and uses.

import { join, relative, resolve } from "node:path";
import * as esbuild from "esbuild";
import type { PlaceTable } from "../place.js";
import { BuildError } from "./error.js";
import { faker } from "./faker.js";
import { SDK } from "./packages.js";
import { makePlaces } from "./places.js";
import type { Project } from "./project.js";
import { unavailable } from "./unavailable.js";

/** The name that stacks show. */
export const BUNDLE = "orbital-suite.js";

export interface Bundle {
  /** With the table of places at its end, where it moves no line. */
  code: string;
  places: PlaceTable;
  /** Whether the author, or a package of the author's, uses `fetch`. */
  usesFetch: boolean;
}

export async function bundle(project: Project): Promise<Bundle> {
  const result = await esbuild
    .build({ ...OPTIONS, ...sources(project) })
    .catch(async (failure: esbuild.BuildFailure) => {
      throw await refusal(failure);
    });
  const text = (suffix: string) => result.outputFiles!.find(({ path }) => path.endsWith(suffix))!.text;
  const [code, map] = [text(".js"), JSON.parse(text(".map"))];
  // Relative to the bundle, which would be in the project's folder.
  const isOurs = (source: string) => source.includes("orbital-entry") || resolve(project.folder, source).startsWith(join(SDK, "dist"));
  const places = makePlaces(BUNDLE, map, isOurs);
  const table = JSON.stringify(JSON.stringify(places));
  return {
    code: `${code}\nglobalThis[Symbol.for("orbital.places")] = JSON.parse(${table});\n`,
    places,
    usesFetch: await usesFetch(result.metafile!, project.folder),
  };
}

/** What esbuild says, in its words and with its picture of the place. */
async function refusal(failure: esbuild.BuildFailure): Promise<BuildError> {
  const errors = (failure.errors ?? []).map((error) => ({
    ...error,
    pluginName: "",
    text: error.text.replace(/^Top-level await is not available.*/, "`await` outside of functions is not available: modules are loaded when the suite is built"),
  }));
  const messages = await esbuild.formatMessages(errors, { kind: "error", color: false });
  return new BuildError("suite", messages.join("").trimEnd() || String(failure));
}

const OPTIONS = {
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  // See `engine/promise.ts` for why.
  supported: { "async-await": false, "async-generator": false, "for-await": false },
  charset: "utf8",
  legalComments: "none",
  logLevel: "silent",
  sourcemap: "external",
  sourcesContent: false,
  define: { "process.env.NODE_ENV": '"production"' },
  external: ["orbital:*", "wasi:*"],
} satisfies esbuild.BuildOptions;

/** The globals come first, then the author's modules, then what they registered. */
function sources({ folder, engine, entry }: Project): esbuild.BuildOptions {
  const dist = (path: string) => JSON.stringify(join(SDK, "dist", path));
  const contents = `
    import { engine } from ${dist(`engine/${engine}.js`)};
    import ${JSON.stringify(join(folder, entry))};
    import { makeSuite } from ${dist("component.js")};
    export const suite = makeSuite(engine);
  `;
  return {
    absWorkingDir: folder,
    stdin: { contents, resolveDir: folder, sourcefile: "orbital-entry.js" },
    outfile: join(folder, BUNDLE),
    plugins: [oneSdk(), faker(), unavailable(folder)],
  };
}

/** There is one registry: whoever imports the SDK, from wherever, gets the same one. */
function oneSdk(): esbuild.Plugin {
  return {
    name: "one-sdk",
    setup(build) {
      build.onResolve({ filter: /^orbital-sdk$/ }, () => ({ path: join(SDK, "dist/index.js") }));
      build.onResolve({ filter: /^orbital-sdk\/(fake|build)$/ }, ({ path }) => ({
        errors: [{ text: `\`${path}\` is for unit tests and builds, in Node; a suite imports \`orbital-sdk\`` }],
      }));
    },
  };
}

/** A word in what remains of the modules, which is more than enough to be on the safe side. */
async function usesFetch(metafile: esbuild.Metafile, folder: string): Promise<boolean> {
  const output = Object.values(metafile.outputs).find(({ inputs }) => Object.keys(inputs).length > 0);
  const used = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const { readFile } = await import("node:fs/promises");
  for (const [input] of used) {
    const path = resolve(folder, input);
    if (relative(join(SDK, "dist"), path).startsWith("..") && !input.includes("orbital-entry")) {
      const text = await readFile(path.replace(/^.*?:(?=\/)/, ""), "utf8").catch(() => "");
      if (/(?<![\w$])fetch\b/.test(text.replace(/\/\*[^]*?\*\/|(?<!:)\/\/.*$/gm, ""))) {
        return true;
      }
    }
  }
  return false;
}
