// Makes what is published and not committed: the compiled modules, and copies of the contract and the licence.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));

const contract = join(folder, "../../wit");
if (existsSync(contract)) {
  rmSync(join(folder, "wit"), { recursive: true, force: true });
  cpSync(contract, join(folder, "wit"), { recursive: true });
  cpSync(join(folder, "../../LICENSE"), join(folder, "LICENSE"));
}

rmSync(join(folder, "dist"), { recursive: true, force: true });
for (const project of ["tsconfig.json", "src/build/tsconfig.json"]) {
  const { status } = spawnSync(process.execPath, [join(typescript, "bin/tsc"), "-p", join(folder, project)], {
    stdio: "inherit",
  });
  if (status !== 0) {
    process.exit(1);
  }
}
