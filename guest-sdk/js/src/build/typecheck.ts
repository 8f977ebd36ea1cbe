// The types of the author's project, checked by the author's own compiler.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "./error.js";
import { findPackage } from "./packages.js";

/** Throws what the compiler says. A project without `tsconfig.json` is none of TypeScript. */
export function checkTypes(folder: string, warn: (text: string) => void) {
  if (!existsSync(join(folder, "tsconfig.json"))) {
    return;
  }
  const typescript = findPackage("typescript", folder);
  if (typescript === undefined) {
    warn("types are not checked: there is a tsconfig.json, and typescript is not installed");
    return;
  }
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(typescript, "bin/tsc"), "--noEmit", "--pretty", "false", "-p", "tsconfig.json"],
    { cwd: folder, encoding: "utf8" },
  );
  if (error !== undefined) {
    throw new BuildError("tools", `the TypeScript compiler cannot be run: ${error.message}`);
  }
  if (status !== 0) {
    throw new BuildError("suite", `${stdout}${stderr}`.trimEnd());
  }
}
