// The registered cases of a suite.

import { type Case, type CaseFunction, type CaseOptions, makeCase } from "./case.js";

const cases = new Map<string, Case>();

/**
 * Registers a case: `test("smoke", { every: "1s", timeout: "3s" }, (t) => { … })`.
 *
 * Throws an error if an option is invalid or the name is already registered. Modules are loaded when the component is
 * built, so the error ends the build.
 */
export function test(name: string, options: CaseOptions, run: CaseFunction): void {
  const made = makeCase(name, options, run);
  if (cases.has(name)) {
    throw new TypeError(`case \`${name}\`: the name is registered twice; rename one of the cases`);
  }
  cases.set(name, made);
}

/** Returns all cases, in the order of their registration. */
export function registered(): Case[] {
  return [...cases.values()];
}

/** Returns the case with this name. */
export function find(name: string): Case {
  const found = cases.get(name);
  if (found === undefined) {
    throw new TypeError(`there is no case \`${name}\`; there are: ${[...cases.keys()].join(", ")}`);
  }
  return found;
}
