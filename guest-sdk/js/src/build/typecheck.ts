// The types of the author's project, checked by the author's own compiler.

import { execFile, type ExecFileException } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BuildError } from "./error.js";
import { findPackage } from "./packages.js";

/** More than anybody reads, in bytes. */
const MAX_OUTPUT = 64 << 20;

/** Throws what the compiler says. A project without `tsconfig.json` is none of TypeScript. */
export async function checkTypes(folder: string, warn: (text: string) => void): Promise<void> {
  if (!existsSync(join(folder, "tsconfig.json"))) {
    return;
  }
  const typescript = findPackage("typescript", folder);
  if (typescript === undefined) {
    warn("types are not checked: there is a tsconfig.json, and typescript is not installed");
    return;
  }
  const compiler = [join(typescript, "bin/tsc"), "--noEmit", "--pretty", "false", "-p", "tsconfig.json"];
  try {
    await promisify(execFile)(process.execPath, compiler, { cwd: folder, maxBuffer: MAX_OUTPUT });
  } catch (error) {
    const { code, message, stdout, stderr } = error as ExecFileException & { stdout: string; stderr: string };
    throw typeof code === "number"
      ? new BuildError("suite", `${stdout}${stderr}`.trimEnd())
      : new BuildError("tools", `the TypeScript compiler cannot be run: ${message}`);
  }
}
