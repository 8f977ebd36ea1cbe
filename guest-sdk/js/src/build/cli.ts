#!/usr/bin/env node
// `orbital-build-js --project DIR --out FILE [--dev]`

import { parseArgs } from "node:util";
import { build, BuildError, EXIT } from "./build.js";

const USAGE = "usage: orbital-build-js --project DIR --out FILE.wasm [--dev]";

function readArguments() {
  const options = { project: { type: "string", default: "." }, out: { type: "string" }, dev: { type: "boolean", default: false } } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new BuildError("usage", `${(error as Error).message}\n${USAGE}`);
  }
}

try {
  const { project, out, dev } = readArguments();
  if (out === undefined) {
    throw new BuildError("usage", `\`--out\` is missing\n${USAGE}`);
  }
  const built = await build({ project, out, dev, warn: (text) => console.error(`warning: ${text}`) });
  const http = built.http ? ", with wasi:http for `fetch`" : "";
  const size = (built.bytes / 2 ** 20).toFixed(1);
  console.log(`${out}: ${size} MiB, engine ${built.engine}${http}, cases ${built.cases.join(", ")}`);
} catch (error) {
  if (!(error instanceof BuildError)) {
    throw error;
  }
  // Compilers say so by themselves.
  const isCompilers = /^✘|error TS\d/.test(error.message);
  console.error(isCompilers ? error.message : `error: ${error.message}`);
  process.exitCode = EXIT[error.kind];
}
