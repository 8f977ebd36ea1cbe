// Hiding globals of Node from a suite, and from nothing else: Node loads much of its own code when a global such as
// `Request` is first used, and that code needs `Buffer` and `global` then and later.

/** Takes these globals away from all code but Node's own. */
export function hideGlobals(names: string[]) {
  const globals = globalThis as Record<string, unknown>;
  const hidden = new Map<PropertyKey, unknown>(names.filter((name) => name in globals).map((name) => [name, globals[name]]));
  for (const name of hidden.keys()) {
    Reflect.deleteProperty(globalThis, name);
  }
  // A name that the global object lacks is looked up in its prototype, with `typeof` and `in` as well.
  Object.setPrototypeOf(
    globalThis,
    new Proxy(Object.getPrototypeOf(globalThis), {
      has: (target, name) => Reflect.has(target, name) || (hidden.has(name) && isAskedByNode()),
      get: (target, name, receiver) =>
        hidden.has(name) && isAskedByNode() ? hidden.get(name) : Reflect.get(target, name, receiver),
    }),
  );
}

/** Whether the code that looks a global up is Node's. */
function isAskedByNode(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // This function, the trap, and what looks up.
  Error.stackTraceLimit = 3;
  Error.prepareStackTrace = (_, calls) => calls;
  const calls = new Error().stack as unknown as NodeJS.CallSite[];
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  return calls[2]?.getFileName()?.startsWith("node:") ?? false;
}
