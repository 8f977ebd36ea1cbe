// Logging.

import type { Level } from "orbital:test/log@0.1.0";
import type { Host } from "./host.js";
import { shown } from "./shown.js";

/** Structured values of a line, by name. Values that are not strings are shown as JSON. */
export type Fields = Record<string, unknown>;

/**
 * The log of a run, which is part of its report. The number and the size of its lines are limited; a run that exceeds
 * the limit ends with outcome `error`.
 */
export class Log {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Logs details that help to write or debug the test. */
  debug(message: string, fields?: Fields) {
    this.#log("debug", message, fields);
  }

  /** Logs normal progress. */
  info(message: string, fields?: Fields) {
    this.#log("info", message, fields);
  }

  /** Logs something unexpected. It does not fail the test. */
  warn(message: string, fields?: Fields) {
    this.#log("warn", message, fields);
  }

  /** Logs a problem. It does not fail the test; `t.fail` does. */
  error(message: string, fields?: Fields) {
    this.#log("error", message, fields);
  }

  #log(level: Level, message: string, fields: Fields = {}) {
    const list = Object.entries(fields).map(([name, value]) => ({
      name,
      value: typeof value === "string" ? value : shown(value),
    }));
    this.#host.log.log(level, String(message), list);
  }
}
