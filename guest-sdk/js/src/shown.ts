// Values, for a person to read.

/** A value as JSON; what JSON has no word for, as JavaScript writes it. */
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
    // A circle, or a `toJSON` that throws.
    return String(value);
  }
}

/** What JSON would leave out, or show as nothing. */
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

/** A number of milliseconds as a duration. */
export function shownDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`;
}
