// The cases of a suite, as they are registered while its modules are loaded.

import { type Case, type CaseFunction, type CaseOptions, makeCase } from "./case.js";

const cases = new Map<string, Case>();

/**
 * Registers a case: `test("smoke", { every: "1s", timeout: "3s" }, (t) => { … })`.
 *
 * It throws if the case cannot be one, or is registered twice. As modules are loaded when the component is
 * built, such an error ends the build.
 */
export function test(name: string, options: CaseOptions, run: CaseFunction): void {
  const made = makeCase(name, options, run);
  if (cases.has(name)) {
    throw new TypeError(`case \`${name}\`: it is registered twice; give one of them another name`);
  }
  cases.set(name, made);
}

/** All cases, in the order in which they were registered. */
export function registered(): Case[] {
  return [...cases.values()];
}

/** The case of this name. */
export function find(name: string): Case {
  const found = cases.get(name);
  if (found === undefined) {
    throw new TypeError(`there is no case \`${name}\`; there are: ${[...cases.keys()].join(", ")}`);
  }
  return found;
}
