// Values as text for people.

/** Returns a value as JSON, or as JavaScript shows it if JSON cannot express it. */
export function shown(value: unknown, indent?: number): string {
  if (value === undefined || typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    return String(value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return String(value);
  }
  try {
    return JSON.stringify(value, plain, indent) ?? String(value);
  } catch {
    // A cycle, or a `toJSON` that throws.
    return String(value);
  }
}

/** Converts values that JSON would omit or show as empty. */
function plain(_: string, value: unknown): unknown {
  if (value instanceof Set) {
    return [...value];
  }
  if (value instanceof Map) {
    return Object.fromEntries(value);
  }
  if (value instanceof Uint8Array) {
    return [...value];
  }
  return typeof value === "bigint" ? String(value) : value;
}

/** Returns milliseconds as a duration such as `1.5s`. */
export function shownDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`;
}
