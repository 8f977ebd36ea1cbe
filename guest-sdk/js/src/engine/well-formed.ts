// Texts that the host can take. QuickJS aborts if a text has half a pair of surrogates in it, which is no character.

import type { Host } from "../host.js";

/** The same host, which takes any text: half a pair becomes the character for what cannot be read. */
export function wellFormed(host: Host): Host {
  const interfaces = Object.entries(host).map(([name, functions]) => [name, adapt(functions)]);
  return Object.fromEntries(interfaces) as Host;
}

function adapt(functions: object): object {
  const adapted = Object.entries(functions).map(([name, call]) => [name, (...values: unknown[]) => call(...values.map(mend))]);
  return Object.fromEntries(adapted);
}

/** A value of the contract with all its texts mended. */
function mend(value: unknown): unknown {
  if (typeof value === "string") {
    return value.toWellFormed();
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) {
    return value;
  }
  return Array.isArray(value)
    ? value.map(mend)
    : Object.fromEntries(Object.entries(value).map(([name, value]) => [name, mend(value)]));
}
