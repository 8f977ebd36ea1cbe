// The global `console`: its lines are lines of the run's log.

import type { Level } from "orbital:test/log@0.1.0";
import { report } from "../report.js";
import { shown } from "../shown.js";

/** A console whose lines go where `say` puts them. */
export function makeConsole(say: (level: Level, text: string) => void) {
  let indent = "";
  const line = (level: Level) => (...values: unknown[]) => {
    const text = format(values);
    say(level, indent === "" ? text : text.replace(/^/gm, indent));
  };
  const group = (...values: unknown[]) => {
    if (values.length > 0) {
      line("info")(...values);
    }
    indent += "  ";
  };
  return {
    debug: line("debug"),
    trace: line("debug"),
    log: line("info"),
    info: line("info"),
    dir: (value: unknown) => line("info")(value),
    table: (value: unknown) => line("info")(value),
    warn: line("warn"),
    error: line("error"),
    assert: (condition: unknown, ...values: unknown[]) => {
      if (!condition) {
        line("error")("assertion failed", ...values);
      }
    },
    group,
    groupCollapsed: group,
    groupEnd: () => {
      indent = indent.slice(2);
    },
  };
}

/** Values beside each other; of a text with `%s` and its like, in their places. */
function format(values: unknown[]): string {
  const [first, ...rest] = values;
  if (typeof first !== "string") {
    return values.map(text).join(" ");
  }
  const filled = first.replace(/%[sdifjoOc%]/g, (place) => {
    if (place === "%%") {
      return "%";
    }
    if (rest.length === 0) {
      return place;
    }
    const value = rest.shift();
    // `%c` is for colours, of which there are none here.
    return place === "%c" ? "" : text(value);
  });
  return [filled, ...rest.map(text)].join(" ");
}

function text(value: unknown): string {
  if (typeof value === "string") {
    return value;
  }
  const isError = typeof value === "object" && value !== null && "stack" in value && "message" in value;
  return isError ? report(value) : shown(value);
}
