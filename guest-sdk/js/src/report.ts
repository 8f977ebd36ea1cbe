// What ended a case, for a person to read.

import { type Frame, frames, isAuthors, place } from "./place.js";
import { shown } from "./shown.js";

/** How many calls of a stack are shown. */
const FRAMES = 12;

/**
 * `TypeError: cannot read property 'name' of undefined (src/checkout.ts:12)`, and below it the calls that led
 * there, if there is more than one.
 */
export function report(error: unknown): string {
  if (!isError(error)) {
    return reason(error);
  }
  const stack = frames(error);
  const calls = stack.filter(isAuthors).length > 1 ? stack.slice(0, FRAMES).map(call) : [];
  return [`${reason(error)}${at(stack)}`, ...calls].join("\n");
}

/** As `report`, in one line. */
export function brief(error: unknown): string {
  return isError(error) ? `${reason(error)}${at(frames(error))}` : reason(error);
}

function at(stack: Frame[]): string {
  const where = place(stack);
  return where === undefined ? "" : ` (${where})`;
}

function call({ function: name, file, line }: Frame): string {
  return name === "" ? `    at ${file}:${line}` : `    at ${name} (${file}:${line})`;
}

/** The message, and those of its causes. */
function reason(error: unknown): string {
  if (!isError(error)) {
    return typeof error === "string" ? error : `${shown(error)} was thrown`;
  }
  const several = Array.isArray(error.errors) ? error.errors : [];
  const causes = [error.cause, ...several].filter((cause) => cause !== undefined && cause !== null);
  return [headline(error), ...causes.map(reason)].join(": ");
}

/**
 * The types that say something beside their message are those of the language. `Error` itself does not, and
 * the texts of this package speak for themselves.
 */
function headline({ name, message, code }: ErrorLike): string {
  const isPlain = name === "Error" || code !== undefined;
  if (message === "") {
    return String(name);
  }
  return isPlain ? message : `${name}: ${message}`;
}

interface ErrorLike {
  name: string;
  message: string;
  stack?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** Not `instanceof`: StarlingMonkey throws errors of another realm for what the host answers. */
function isError(value: unknown): value is ErrorLike {
  return typeof value === "object" && value !== null && "message" in value && "stack" in value && "name" in value;
}
