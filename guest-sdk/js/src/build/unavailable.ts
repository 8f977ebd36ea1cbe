// What no test has: the modules of Node, and native code. Named when the suite is built, and not when it runs.

import { builtinModules } from "node:module";
import { relative } from "node:path";
import type { Plugin } from "esbuild";

const BUILTIN = new RegExp(`^(node:.*|${builtinModules.join("|")})$`);

const ADVICE =
  "A test reaches nothing but the targets that the operator has named, by `t.sendEvent`, `t.request` or, with " +
  "the engine starlingmonkey, `fetch`: use a client that is built on `fetch`, or the part of the package that runs in browsers.";

export function unavailable(folder: string): Plugin {
  return {
    name: "unavailable",
    setup(build) {
      build.onResolve({ filter: BUILTIN }, async (given) => {
        if (given.pluginData === "second look") {
          return undefined;
        }
        // A package may have another module in its place for browsers, or be installed under this name.
        const { kind, importer, resolveDir, namespace } = given;
        const found = await build.resolve(given.path, { kind, importer, resolveDir, namespace, pluginData: "second look" });
        if (found.errors.length === 0) {
          return found;
        }
        const importedBy = relative(folder, importer);
        return { errors: [{ text: `\`${given.path}\` is a part of Node, which no test has; \`${importedBy}\` needs it`, notes: [{ text: ADVICE }] }] };
      });
      build.onResolve({ filter: /\.node$/ }, ({ path, importer }) => ({
        errors: [
          {
            text: `\`${path}\` is native code, which cannot be a part of a component; \`${relative(folder, importer)}\` needs it`,
            notes: [{ text: ADVICE }],
          },
        ],
      }));
    },
  };
}
