// Durations as people write them, in the milliseconds that the contract counts in.

type Part = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A duration such as `"250ms"`, `"3s"`, `"1m 30s"`, `"2h"` or `"1d"`. */
export type Duration = Part | `${Part} ${string}`;

const MILLISECONDS = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** What a `u32` counts. */
const MOST_MILLISECONDS = 2 ** 32 - 1;

/** Reads a duration, in milliseconds. The error is a sentence that names the fix. */
export function milliseconds(text: Duration): number {
  let sum = 0;
  for (const part of String(text).trim().split(/\s+/)) {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(part) ?? [];
    const factor = MILLISECONDS.get(unit ?? "");
    if (number === undefined || factor === undefined) {
      throw new RangeError(`\`${text}\` is not a duration; write one such as "1s" or "250ms"`);
    }
    // Rounded to a thousandth: 0.1 has no exact value, and 0.1s is 100 ms all the same.
    sum += Math.round(Number(number) * factor * 1000) / 1000;
  }
  if (!Number.isInteger(sum)) {
    throw new RangeError(`\`${text}\` is not a whole number of milliseconds, the unit that the host counts in`);
  }
  if (sum > MOST_MILLISECONDS) {
    throw new RangeError(`\`${text}\` is too long; at most 49 days, or use \`cron\` for a rare case`);
  }
  return sum;
}

/** As `milliseconds`, and not zero. */
export function nonzeroMilliseconds(text: Duration): number {
  const sum = milliseconds(text);
  if (sum === 0) {
    throw new RangeError('must be longer than zero; the shortest is "1ms"');
  }
  return sum;
}
