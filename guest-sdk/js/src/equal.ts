// Whether two values are the same, however deep.

/** Compares what JSON can say, and sets, maps, dates and bytes. The order of an object's keys is of no matter. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right) || left === right) {
    return true;
  }
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return false;
  }
  // Not by their prototypes: StarlingMonkey makes what the host answers in another realm.
  if (kind(left) !== kind(right)) {
    return false;
  }
  if (left instanceof Date && right instanceof Date) {
    return left.getTime() === right.getTime();
  }
  if (left instanceof Set && right instanceof Set) {
    return left.size === right.size && [...left].every((value) => right.has(value));
  }
  if (left instanceof Map && right instanceof Map) {
    return left.size === right.size && [...left].every(([key, value]) => right.has(key) && isEqual(value, right.get(key)));
  }
  return hasEqualEntries(left as Record<string, unknown>, right as Record<string, unknown>);
}

/** Of objects, arrays and bytes. A key that is undefined is as good as none, as it is in JSON. */
function hasEqualEntries(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) {
    return false;
  }
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => isEqual(left[key], right[key]));
}

function kind(value: object): string {
  return Object.prototype.toString.call(value);
}
