// A case: a test and its options.

import type { TestCase } from "orbital:test/suite@0.1.0";
import { type Duration, milliseconds, nonzeroMilliseconds } from "./duration.js";
import { checkCron, checkName, checkRetries, checkTag, MOST_TAGS } from "./limits.js";
import type { Test } from "./test.js";

/** When the host starts a case: exactly one of `every`, `cron` and `manual`. */
export type Schedule =
  | {
      /** Runs periodically, with this period. */
      every: Duration;
      cron?: undefined;
      zone?: undefined;
      manual?: undefined;
    }
  | {
      /** Runs at the times of a cron expression: minute, hour, day of month, month, day of week. */
      cron: string;
      /** The name of a time zone in the IANA database, such as `Europe/Madrid`. The default is UTC. */
      zone?: string;
      every?: undefined;
      manual?: undefined;
    }
  | {
      /** Runs only on request, such as `orbital run`. */
      manual: true;
      every?: undefined;
      cron?: undefined;
      zone?: undefined;
    };

/** The options of a case. The operator can override all of them except the tags. */
export type CaseOptions = Schedule & {
  /** The timeout of one attempt. The default is in the host's configuration. */
  timeout?: Duration;
  /** Labels for filters, maintenance windows and metrics, at most 16. */
  tags?: Record<string, string>;
  /** The maximum number of retries, at most 10. */
  retries?: number;
  /** The delay before each retry. */
  retryDelay?: Duration;
  /** The maximum number of concurrent runs of this case. The default is 1. */
  maxInFlight?: number;
};

/** The function of a case. The case passes if the function returns and did not mark the run as failed. */
export type CaseFunction = (t: Test) => void | Promise<void>;

export interface Case {
  declared: TestCase;
  run: CaseFunction;
}

const SCHEDULES = '`every: "1s"`, `cron: "0 7 * * *"` or `manual: true`';

const OPTIONS = ["every", "cron", "zone", "manual", "timeout", "tags", "retries", "retryDelay", "maxInFlight"];

/** Creates a case and checks its options. The error names the case, the option and the fix. */
export function makeCase(name: string, options: CaseOptions, run: CaseFunction): Case {
  about(name, () => checkName(name));
  about(name, () => checkArguments(options, run));
  return {
    declared: {
      name,
      schedule: about(name, () => schedule(options)),
      timeoutMs: options.timeout === undefined ? undefined : about(name, () => nonzeroMilliseconds(options.timeout!), "timeout"),
      tags: about(name, () => tags(options.tags ?? {})),
      retry: about(name, () => retry(options)),
      maxInFlight: about(name, () => maxInFlight(options.maxInFlight)),
    },
    run,
  };
}

function checkArguments(options: CaseOptions, run: CaseFunction) {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the second argument must be the options with a schedule: {  ${SCHEDULES.split("`")[1]} }`);
  }
  if (typeof run !== "function") {
    throw new TypeError("the third argument must be the test: a function `(t) => { … }`");
  }
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) {
      throw new TypeError(`unknown option \`${option}\`; the options are ${OPTIONS.join(", ")}`);
    }
  }
}

function schedule(options: CaseOptions): TestCase["schedule"] {
  const { every, cron, zone, manual } = options;
  const given = [every !== undefined, cron !== undefined, manual === true].filter(Boolean).length;
  if (given === 0) {
    throw new TypeError(`a case needs a schedule: ${SCHEDULES}`);
  }
  if (given > 1) {
    throw new TypeError(`a case has one schedule; keep one of ${SCHEDULES}`);
  }
  if (zone !== undefined && cron === undefined) {
    throw new TypeError("`zone` requires `cron`; remove it");
  }
  if (every !== undefined) {
    return { tag: "every", val: named("every", () => nonzeroMilliseconds(every)) };
  }
  if (cron !== undefined) {
    checkCron(cron);
    return { tag: "cron", val: { expression: cron, zone } };
  }
  return { tag: "manual" };
}

function tags(given: Record<string, string>): TestCase["tags"] {
  const tags = Object.entries(given).map(([name, value]) => ({ name, value }));
  for (const { name, value } of tags) {
    checkTag(name, value);
  }
  if (tags.length > MOST_TAGS) {
    throw new RangeError(`too many tags; at most ${MOST_TAGS}`);
  }
  return tags;
}

function retry({ retries = 0, retryDelay }: CaseOptions): TestCase["retry"] {
  checkRetries(retries);
  if (retryDelay === undefined) {
    return { retries, delayMs: 0 };
  }
  if (retries === 0) {
    throw new TypeError("`retryDelay` requires `retries`; add `retries: 1` or remove it");
  }
  return { retries, delayMs: named("retryDelay", () => milliseconds(retryDelay)) };
}

function maxInFlight(number = 1): number {
  if (!Number.isInteger(number) || number < 1 || number > 2 ** 32 - 1) {
    throw new RangeError("`maxInFlight`: must be a whole number, at least 1");
  }
  return number;
}

/** Calls a function, and adds the names of the case and the option to its error. */
function about<T>(name: string, read: () => T, option?: string): T {
  try {
    return option === undefined ? read() : named(option, read);
  } catch (error) {
    throw new TypeError(`case \`${name}\`: ${(error as Error).message}`);
  }
}

function named<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TypeError(`\`${option}\`: ${(error as Error).message}`);
  }
}
