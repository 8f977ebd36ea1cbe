// Random values that a suite asks for while it is loaded. That happens when the component is built.

import { frames, place } from "../place.js";
import { FAKER } from "./faker.js";

/** How many calls of a stack are looked through for the author's. */
const FRAMES = 100;

/** Notes from now on where `Math.random` is called. The engine's own is put in its place later, and is noted all the same. */
export function watchRandom(): Set<string> {
  const places = new Set<string>();
  const original = Math.random;
  let current = original;
  let isNoting = false;
  const noting = () => {
    // The engine's own calls the one that was there before, which is this one.
    if (isNoting) {
      return original();
    }
    isNoting = true;
    Error.stackTraceLimit = FRAMES;
    const calls = frames(new Error());
    const [nearest] = calls;
    // Those are given a new seed.
    if (nearest !== undefined && !nearest.file.includes(FAKER)) {
      const at = `${nearest.file}:${nearest.line}`;
      const author = place(calls) ?? at;
      places.add(author === at ? `${at}: \`Math.random\` is called` : `${author}: \`Math.random\` is called (${at})`);
    }
    const number = current();
    isNoting = false;
    return number;
  };
  Object.defineProperty(Math, "random", {
    configurable: true,
    get: () => noting,
    set: (random: () => number) => {
      current = random;
    },
  });
  return places;
}

/** Has `crypto` give no random bytes, as StarlingMonkey gives none then, and would not say where. */
export function refuseRandomBytes() {
  const refuse = () => {
    throw new Error("there are no random bytes while the suite is loaded, which is when it is built; ask for them in a case");
  };
  for (const name of ["getRandomValues", "randomUUID"]) {
    Object.defineProperty(globalThis.crypto, name, { configurable: true, value: refuse });
  }
}
