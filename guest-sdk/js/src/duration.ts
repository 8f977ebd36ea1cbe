// Parsing of durations into milliseconds, the unit of the contract.

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

/** The maximum of a `u32`. */
const MOST_MILLISECONDS = 2 ** 32 - 1;

/** Parses a duration into milliseconds. The error names the fix. */
export function milliseconds(text: Duration): number {
  let sum = 0;
  for (const part of String(text).trim().split(/\s+/)) {
    const [, number, unit] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(part) ?? [];
    const factor = MILLISECONDS.get(unit ?? "");
    if (number === undefined || factor === undefined) {
      throw new RangeError(`\`${text}\` is not a duration; write one such as "1s" or "250ms"`);
    }
    // Rounded to a thousandth, because 0.1 has no exact value and 0.1s must be 100 ms.
    sum += Math.round(Number(number) * factor * 1000) / 1000;
  }
  if (!Number.isInteger(sum)) {
    throw new RangeError(`\`${text}\` is not a whole number of milliseconds, which is the host's unit`);
  }
  if (sum > MOST_MILLISECONDS) {
    throw new RangeError(`\`${text}\` is too long; the maximum is 49 days; use \`cron\` for longer periods`);
  }
  return sum;
}

/** Parses a duration that is not zero into milliseconds. */
export function nonzeroMilliseconds(text: Duration): number {
  const sum = milliseconds(text);
  if (sum === 0) {
    throw new RangeError('must be longer than zero; the shortest is "1ms"');
  }
  return sum;
}
