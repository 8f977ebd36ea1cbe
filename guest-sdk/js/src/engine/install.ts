// Putting globals in place.

/** Defined and not assigned, as some that are there already cannot be assigned. */
export function install(globals: Record<string, unknown>) {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
