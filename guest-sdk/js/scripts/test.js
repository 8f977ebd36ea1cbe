// Compiles the tests and runs them; what follows is for `node --test`, such as the names of tests.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));

const run = (...given) => {
  const { status } = spawnSync(process.execPath, given, { stdio: "inherit", cwd: folder });
  if (status !== 0) {
    process.exit(1);
  }
};

rmSync(join(folder, ".test"), { recursive: true, force: true });
run(join(typescript, "bin/tsc"), "-p", "test");
const tests = readdirSync(join(folder, ".test")).filter((name) => name.endsWith(".test.js"));
run("--test", ...process.argv.slice(2), ...tests.map((name) => join(".test", name)));
