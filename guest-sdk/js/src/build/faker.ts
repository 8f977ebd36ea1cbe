// `@faker-js/faker`, which seeds its generators while it is loaded: a module in its place has the same exports, with
// generators that are given a new seed in every run.

import { join } from "node:path";
import * as esbuild from "esbuild";
import { SDK } from "./packages.js";

const NAMESPACE = "orbital-faker";

/** A part of the path of each of the package's files. */
export const FAKER = "node_modules/@faker-js/faker/";

const CLASS = /^(?:Simple)?Faker$/;
const INSTANCE = /^(?:simpleF|f)aker/;

export function faker(): esbuild.Plugin {
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /^@faker-js\/faker(\/locale\/[^/]+)?$/ }, async ({ path, pluginData, ...given }) => {
        if (pluginData === NAMESPACE) {
          return undefined;
        }
        const { kind, importer, resolveDir } = given;
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: NAMESPACE });
        return found.errors.length > 0 ? found : { path: found.path, namespace: NAMESPACE, sideEffects: false };
      });
      build.onLoad({ filter: /^/, namespace: NAMESPACE }, async ({ path }) => ({
        contents: replacement(path, await exportsOf(path)),
        resolveDir: SDK,
      }));
    },
  };
}

async function exportsOf(path: string): Promise<string[]> {
  const { metafile } = await esbuild.build({
    entryPoints: [path],
    bundle: false,
    write: false,
    metafile: true,
    outdir: "out",
    logLevel: "silent",
  });
  return Object.values(metafile.outputs).flatMap(({ exports }) => exports);
}

function replacement(path: string, names: string[]): string {
  const real = JSON.stringify(path);
  const own = names.filter((name) => CLASS.test(name) || INSTANCE.test(name));
  return [
    `import { renewed, renewing } from ${JSON.stringify(join(SDK, "dist/engine/renewal.js"))};`,
    `export * from ${real};`,
    ...own.map((name) => `import { ${name} as real_${name} } from ${real};`),
    // Without side effects, so that what is not used is left out.
    ...own.map((name) => `export const ${name} = /* @__PURE__ */ ${CLASS.test(name) ? "renewing" : "renewed"}(real_${name});`),
  ].join("\n");
}
