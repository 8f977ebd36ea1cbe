// The contract's limits for names, tags and retries. Each error names the fix.

/** The maximum number of tags of a case. */
export const MOST_TAGS = 16;

/** The maximum number of retries of a case. */
const MOST_RETRIES = 10;

export function checkName(name: string) {
  if (typeof name !== "string" || !/^[A-Za-z0-9._-]{1,100}$/.test(name)) {
    throw new TypeError(
      `\`${name}\` cannot be a case's name; use 1 to 100 letters, digits, \`-\`, \`_\` and \`.\`, as in "fan-out"`,
    );
  }
}

export function checkTag(name: string, value: string) {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)) {
    throw new TypeError(
      `\`${name}\` cannot be a tag's name; use a letter, then letters, digits and \`_\`, 64 bytes at most`,
    );
  }
  if (typeof value !== "string") {
    throw new TypeError(`the value of the tag \`${name}\` is not a string; write it in quotes`);
  }
  // The limit is in bytes, and no text has more characters than bytes.
  if (value.length > 256) {
    throw new RangeError(`the value of the tag \`${name}\` has ${value.length} characters; at most 256 bytes`);
  }
}

export function checkRetries(retries: number) {
  if (!Number.isInteger(retries) || retries < 0) {
    throw new RangeError(`\`retries\` must be a whole number, at most ${MOST_RETRIES}`);
  }
  if (retries > MOST_RETRIES) {
    throw new RangeError(`${retries} retries are too many; at most ${MOST_RETRIES}`);
  }
}

/** Checks the number of fields. The host parses them. */
export function checkCron(expression: string) {
  const fields = String(expression).trim().split(/\s+/).filter(Boolean).length;
  if (fields !== 5) {
    throw new TypeError(
      `a cron expression has five fields (minute, hour, day of month, month, day of week), this one has ${fields}`,
    );
  }
}
