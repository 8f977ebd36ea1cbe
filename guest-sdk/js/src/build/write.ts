// Writing files.

import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Whoever looks at the path sees the whole file or none. */
export async function writeWhole(path: string, bytes: Uint8Array) {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  await writeFile(partial, bytes);
  await rename(partial, path);
}
