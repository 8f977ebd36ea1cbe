// What a case has to say.

import type { Level } from "orbital:test/log@0.1.0";
import type { Host } from "./host.js";
import { shown } from "./shown.js";

/** Names and values beside a message. What is not text is shown as JSON. */
export type Fields = Record<string, unknown>;

/**
 * What a case says stands in the run's report. Its lines are bounded in number and bytes; a run that says more
 * ends as `error`.
 */
export class Log {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Says something for the author, while the test is being written. */
  debug(message: string, fields?: Fields) {
    this.#say("debug", message, fields);
  }

  /** Says what happens. */
  info(message: string, fields?: Fields) {
    this.#say("info", message, fields);
  }

  /** Says what is odd, but does not fail the test. */
  warn(message: string, fields?: Fields) {
    this.#say("warn", message, fields);
  }

  /** Says what is wrong. It does not fail the test; `t.fail` does. */
  error(message: string, fields?: Fields) {
    this.#say("error", message, fields);
  }

  #say(level: Level, message: string, fields: Fields = {}) {
    const list = Object.entries(fields).map(([name, value]) => ({
      name,
      value: typeof value === "string" ? value : shown(value),
    }));
    this.#host.log.log(level, String(message), list);
  }
}
